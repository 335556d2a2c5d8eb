-- The segments that are there, in their current versions; or those of then. $1 version by segment_id jsonb (null: the
-- current ones). Columns: segment_id, key, origin, status, version, tree, zone, and what membership shows:
-- applied_version, applied_meaning, rested (it is not that of the run before).
select s.segment_id, s.key, s.origin, s.status, v.version, v.tree, v.zone,
  st.version as applied_version, st.meaning as applied_meaning,
  coalesce(st.state <> 'ok' or st.good_as_of is not null, true) as rested
from segments s
join segment_versions v
  on v.segment_id = s.segment_id and v.version = coalesce(($1::jsonb ->> s.segment_id::text)::int, s.version)
left join segment_state st on st.segment_id = s.segment_id
where case when $1::jsonb is null then s.status <> 'archived' else $1::jsonb ? s.segment_id::text end
order by s.segment_id
