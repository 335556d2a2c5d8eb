-- A new version of a segment that is written as before and means something else, since what it refers to changed.
-- $1 bigint: segment_id. $2 text: fingerprint.
with changed as (
  update segments set version = version + 1, updated_at = clock_timestamp()
  where segment_id = $1::bigint
  returning segment_id, version
)
insert into segment_versions (segment_id, version, definition, tree, zone, fingerprint)
select v.segment_id, c.version, v.definition, v.tree, v.zone, $2::text
from changed c join segment_versions v on v.segment_id = c.segment_id and v.version = c.version - 1
