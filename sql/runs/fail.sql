-- A run that could not be applied. $1 run_id bigint, $2 error jsonb.
update runs set status = 'failed', finished_at = clock_timestamp(), error = $2::jsonb
where run_id = $1::bigint and status = 'running';
