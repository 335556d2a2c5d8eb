-- A segment under a new key: members and history stay with it, and the old key is remembered. $1 old key text,
-- $2 new key text.
with renamed as (
  update segments set key = $2::text, updated_at = clock_timestamp() where key = $1::text returning segment_id
)
insert into segment_renames (segment_id, old_key) select segment_id, $1::text from renamed
