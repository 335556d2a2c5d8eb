-- The first instant after a rewritten range at which its segment was looked at: by a run, or by an earlier backfill.
-- $1 run_id bigint, $2 as_of timestamptz: ranges that end by then.
update backfill_chunk k
set seam_at = least(
  (
    select min(r.as_of) from runs r
    where r.status = 'done' and r.mode <> 'backfill' and r.as_of >= k.until_at
      and r.as_of >= (
        select min(f.as_of) from run_segments o join runs f using (run_id)
        where o.segment_id = k.segment_id and o.outcome = 'done' and f.status = 'done' and f.mode <> 'backfill'
      )
  ),
  (
    select min(f.as_of) from segment_stats f join runs r using (run_id)
    where f.segment_id = k.segment_id and f.as_of >= k.until_at and r.mode = 'backfill'
  )
)
where k.run_id = $1::bigint and not k.settled and k.until_at <= $2::timestamptz;
