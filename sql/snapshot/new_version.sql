-- A static segment's list is another one from now on. $1 key, $2 name (null: as it is), $3 definition (what it was
-- changed by) text, $4 fingerprint text, $5 since when timestamptz. Returns segment_id, version.
with changed as (
  update segments set version = version + 1, name = coalesce($2::text, name), updated_at = clock_timestamp()
  where key = $1::text
  returning segment_id, version
)
insert into segment_versions (segment_id, version, definition, fingerprint, applied_at)
select segment_id, version, $3::text, $4::text, $5::timestamptz from changed
returning segment_id, version
