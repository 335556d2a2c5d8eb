-- Makes the definition of an earlier version current, as a new version. $1 key text, $2 version int, $3 fingerprint
-- text (what it means today). Returns the new version.
with changed as (
  update segments set version = version + 1, updated_at = clock_timestamp() where key = $1::text
  returning segment_id, version
)
insert into segment_versions (segment_id, version, definition, tree, zone, fingerprint)
select v.segment_id, c.version, v.definition, v.tree, v.zone, $3::text
from changed c join segment_versions v on v.segment_id = c.segment_id and v.version = $2::int
returning version
