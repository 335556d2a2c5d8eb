-- There is one backfill at a time: any other that says it is running was killed. $1 run_id bigint (null: all others).
update runs
set status = 'failed', finished_at = clock_timestamp(),
  error = '{"code": "INTERRUPTED", "message": "The process or its connection ended; the same backfill goes on from there."}'
where status = 'running' and mode = 'backfill' and run_id is distinct from $1::bigint;
