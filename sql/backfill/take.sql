-- A backfill that was interrupted is under way again. $1 run_id bigint.
with taken as (
  update backfills
  set backend_pid = pg_backend_pid(), seen_at = clock_timestamp(),
    backend_start = (select a.backend_start from pg_stat_activity a where a.pid = pg_backend_pid())
  where run_id = $1::bigint
)
update runs set status = 'running', finished_at = null, error = null where run_id = $1::bigint;
