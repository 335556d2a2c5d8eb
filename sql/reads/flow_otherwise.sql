-- How many leads a definition, a repair or a backfill brought into segments within a time.
-- $1 segment_ids bigint[], $2 beginning (excluded) and $3 end timestamptz.
-- Columns: segment_id, leads. Segments that nobody entered so are left out.
select segment_id, count(distinct lead_id) as leads
from membership_change
where segment_id = any($1::bigint[]) and change = 'entered' and as_of > $2::timestamptz and as_of <= $3::timestamptz
  and cause in ('definition', 'repair', 'backfill')
group by segment_id
