-- Entries and exits of a segment, per UTC day and cause.
-- $1 segment_id bigint, $2 from and $3 to timestamptz (excluded).
-- Columns: day, cause, entered, left.
select to_char(as_of at time zone 'UTC', 'YYYY-MM-DD') as day, cause,
  count(*) filter (where change = 'entered') as entered, count(*) filter (where change = 'left') as "left"
from membership_change
where segment_id = $1::bigint and as_of >= $2::timestamptz and as_of < $3::timestamptz
group by 1, 2
order by 1, 2
