-- The run that was applied last: the one with the greatest as_of. A backfill counts as of its end, but goes behind a
-- run as of the same instant, which saw all segments.
-- Also the present instant of the database's clock, and the horizon that a run starting now would have; how many leads
-- it saw, what its scores meant (a fingerprint), and whether a backfill was applied since.
select
  r.run_id,
  r.mode,
  to_char(r.as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as as_of,
  r.horizon::text as horizon,
  r.scoring_version,
  r.rollup_due,
  r.leads::float8 as leads,
  r.options ->> 'scores' as scores,
  exists (
    select from runs b
    where b.mode = 'backfill' and b.status = 'done' and r.mode <> 'backfill' and b.finished_at >= r.finished_at
  ) as backfilled,
  to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as now,
  pg_snapshot_xmin(pg_current_snapshot())::text as next_horizon
from (select 1) as always
left join lateral (
  select * from runs where status = 'done' order by as_of desc, mode = 'backfill', run_id desc limit 1
) as r on true;
