-- Removes the history of the ranges and of their seams, to be written anew. $1 run_id bigint.
delete from membership_change m using backfill_chunk k
where k.run_id = $1::bigint and m.segment_id = k.segment_id
  and ((m.as_of >= k.from_at and m.as_of < k.until_at) or m.as_of = k.seam_at);
