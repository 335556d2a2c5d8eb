-- Which segments a lead was in at an instant, as runs recorded it. $1 internal id bigint, $2 instant timestamptz.
-- Columns: segment, since, cause (of the entry).
select s.key as segment, to_char(c.as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as since, c.cause
from (
  select distinct on (segment_id) segment_id, as_of, change, cause
  from membership_change
  where lead_id = $1::bigint and as_of <= $2::timestamptz
  order by segment_id, as_of desc
) as c
join segments s using (segment_id)
where c.change = 'entered'
order by s.key
