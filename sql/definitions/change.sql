-- A new version of a segment whose meaning changed. $1 key, $2 name, $3 owner, $4 action, $5 review, $6 status,
-- $7 definition (text form), $8 tree jsonb, $9 zone, $10 fingerprint.
with changed as (
  update segments
  set name = $2::text, owner = $3::text, action = $4::text, review = $5::text, status = $6::text,
    version = version + 1, updated_at = clock_timestamp()
  where key = $1::text
  returning segment_id, version
)
insert into segment_versions (segment_id, version, definition, tree, zone, fingerprint)
select segment_id, version, $7::text, $8::jsonb, $9::text, $10::text from changed;
