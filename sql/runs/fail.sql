-- A run that could not be applied. $1 run_id bigint, $2 error jsonb, $3 the steps that it did jsonb.
update runs set status = 'failed', finished_at = clock_timestamp(), error = $2::jsonb, steps = coalesce($3::jsonb, steps)
where run_id = $1::bigint and status = 'running';
