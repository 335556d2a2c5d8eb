-- Says why the figures of a nightly run are still to be rolled up, and since when that is so. $1 run_id bigint, $2 code and
-- message jsonb.
update runs
set rollup_error = $2::jsonb || jsonb_build_object(
  'since', coalesce(rollup_error ->> 'since', to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')))
where run_id = $1::bigint and status = 'done' and rollup_due;
