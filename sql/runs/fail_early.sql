-- A run that failed before it began: while inboxes were drained, say. So it is seen, and the next attempt waits.
-- $1 origin text, $2 as_of timestamptz (null: the present instant), $3 error jsonb, $4 the steps that it did jsonb.
insert into runs (mode, origin, status, as_of, horizon, fence, error, steps, finished_at)
select 'incremental', $1::text, 'failed', coalesce($2::timestamptz, clock_timestamp()),
  pg_snapshot_xmin(pg_current_snapshot()), fence, $3::jsonb, $4::jsonb, clock_timestamp()
from run_lease;
