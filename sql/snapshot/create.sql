-- A new static segment. $1 key, $2 name, $3 definition (what it was taken from) text, $4 fingerprint text.
-- Returns segment_id, version.
with created as (
  insert into segments (key, name, origin, status, version)
  values ($1::text, $2::text, 'snapshot', 'active', 1)
  returning segment_id, version
)
insert into segment_versions (segment_id, version, definition, fingerprint)
select segment_id, version, $3::text, $4::text from created
returning segment_id, version
