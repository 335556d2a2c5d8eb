-- One day is done. $1 run_id bigint, $2 day date.
with seen as (update backfills set seen_at = clock_timestamp() where run_id = $1::bigint)
update backfill_day set done = true where run_id = $1::bigint and day = $2::date;
