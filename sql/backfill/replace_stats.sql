-- Removes the figures of the ranges, to be written anew. $1 run_id bigint.
delete from segment_stats f using backfill_chunk k
where k.run_id = $1::bigint and f.segment_id = k.segment_id and f.as_of >= k.from_at and f.as_of < k.until_at;
