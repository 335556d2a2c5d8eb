-- Removes from the history of the ranges and of their seams what is not to stand there. $1 run_id bigint.
delete from membership_change m using backfill_chunk k
where k.run_id = $1::bigint and m.segment_id = k.segment_id
  and ((m.as_of >= k.from_at and m.as_of < k.until_at) or m.as_of = k.seam_at)
  and not exists (
    select from backfill_change c
    where c.run_id = $1::bigint and c.segment_id = m.segment_id and c.lead_id = m.lead_id and c.as_of = m.as_of
      and c.by_run_id = m.run_id
  );
