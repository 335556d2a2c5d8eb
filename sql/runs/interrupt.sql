-- Whoever holds the lease is the only run there is: any other that says it is running was killed. Backfills compute
-- without the lease: one whose session is alive goes on.
update runs
set status = 'failed', finished_at = clock_timestamp(),
  error = '{"code": "INTERRUPTED", "message": "The process or its connection ended before the run was applied."}'
where status = 'running'
  and not (mode = 'backfill' and exists (
    select from backfills b
    join pg_stat_activity a on a.pid = b.backend_pid and coalesce(a.backend_start = b.backend_start, true)
    where b.run_id = runs.run_id
  ));
