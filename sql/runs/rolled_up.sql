-- The figures of a nightly run are rolled up. $1 run_id bigint.
update runs set rollup_due = false, rollup_error = null where run_id = $1::bigint and status = 'done';
