-- Who was in a segment at an instant, as recorded: the history replayed to it.
-- $1 segment_id bigint, $2 instant timestamptz. Columns: lead_id (internal), since.
select lead_id, since
from (
  select distinct on (lead_id) lead_id, change, as_of as since
  from membership_change
  where segment_id = $1::bigint and as_of <= $2::timestamptz
  order by lead_id, as_of desc
) as latest
where change = 'entered'
