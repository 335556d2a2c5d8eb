-- One instant is done. $1 run_id bigint, $2 as_of timestamptz.
with seen as (update backfills set seen_at = clock_timestamp() where run_id = $1::bigint)
update backfill_instant set done = true where run_id = $1::bigint and as_of = $2::timestamptz;
