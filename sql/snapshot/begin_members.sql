-- Those who are to be on the list and are not yet. $1 segment_id bigint, $2 from timestamptz, $3 by whom text.
insert into segment_list (segment_id, lead_id, list, from_at, created_by)
select $1::bigint, m.lead_id, 'members', $2::timestamptz, $3::text
from snapshot_member m
where not exists (
  select from segment_list o
  where o.segment_id = $1::bigint and o.list = 'members' and o.lead_id = m.lead_id and o.until_at is null
)
