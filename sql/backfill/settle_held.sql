-- Whose seam is known need not be held any more. $1 run_id bigint, $2 as_of timestamptz.
delete from held_member h using backfill_chunk k
where k.run_id = $1::bigint and not k.settled and k.until_at <= $2::timestamptz and k.seam_at is not null
  and h.segment_id = k.segment_id;
