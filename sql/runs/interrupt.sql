-- Whoever holds the lease is the only run there is: any other that says it is running was killed.
update runs
set status = 'failed', finished_at = clock_timestamp(),
  error = '{"code": "INTERRUPTED", "message": "The process or its connection ended before the run was applied."}'
where status = 'running';
