-- A new segment and its first version. $1 key, $2 name, $3 owner, $4 action, $5 review, $6 status,
-- $7 definition (text form), $8 tree jsonb, $9 zone, $10 fingerprint.
with created as (
  insert into segments (key, name, owner, action, review, status, version)
  values ($1::text, $2::text, $3::text, $4::text, $5::text, $6::text, 1)
  returning segment_id, version
)
insert into segment_versions (segment_id, version, definition, tree, zone, fingerprint)
select segment_id, version, $7::text, $8::jsonb, $9::text, $10::text from created;
