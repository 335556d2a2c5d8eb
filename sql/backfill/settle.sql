-- What is to stand at the seams is known. $1 run_id bigint, $2 as_of timestamptz.
update backfill_chunk set settled = true
where run_id = $1::bigint and not settled and until_at <= $2::timestamptz and seam_at is not null;
