-- The segments that are rewritten at an instant. $1 run_id bigint, $2 as_of timestamptz. Column: segment_id.
select segment_id from backfill_chunk
where run_id = $1::bigint and from_at <= $2::timestamptz and until_at > $2::timestamptz;
