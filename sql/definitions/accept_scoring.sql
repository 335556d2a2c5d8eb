-- The same for the current rules of scores: of segments whose definitions stay as they are, and read a score.
-- $1 keys text[], $2 leads bigint[].
update scoring_versions
set accepted_changes = (
  select jsonb_object_agg(s.segment_id::text, shown.leads)
  from unnest($1::text[], $2::bigint[]) shown(key, leads) join segments s using (key)
)
where version = (select max(version) from scoring_versions)
