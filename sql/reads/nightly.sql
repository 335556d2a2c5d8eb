-- Which nightly run was the last by an instant (null: ever), and whether any was rolled up. $1 instant timestamptz.
-- Columns: run_id, as_of (null: there was none), first_as_of (of all nightly runs), first_rolled_up. One row.
with nightly as (
  select run_id, as_of from runs
  where status = 'done' and mode <> 'backfill' and as_of = date_trunc('day', as_of, 'UTC')
)
select last.run_id, to_char(last.as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as as_of,
  (select to_char(min(as_of), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') from nightly) as first_as_of,
  (select to_char(min(as_of), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') from segment_conversion) as first_rolled_up
from (select 1) as always
left join lateral (
  select * from nightly where coalesce(as_of <= $1::timestamptz, true) order by as_of desc limit 1
) last on true
