-- Who was in just before the range, as recorded. $1 from timestamptz, $2 segment_ids bigint[].
insert into held_member (segment_id, lead_id)
select segment_id, lead_id
from (
  select distinct on (segment_id, lead_id) segment_id, lead_id, change
  from membership_change
  where as_of < $1::timestamptz and segment_id = any($2::bigint[])
  order by segment_id, lead_id, as_of desc
) as latest
where change = 'entered';
