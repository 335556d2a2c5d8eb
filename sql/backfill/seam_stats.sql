-- A run writes figures only where they differ from those before: once these are new, it has to have its own.
-- $1 run_id bigint, $2 as_of timestamptz.
insert into backfill_stats (run_id, segment_id, as_of, by_run_id, members, leads, score_sum)
select $1::bigint, k.segment_id, k.seam_at, r.run_id, f.members, f.leads, f.score_sum
from backfill_chunk k
join runs r on r.as_of = k.seam_at and r.status = 'done' and r.mode <> 'backfill'
join lateral (
  select * from segment_stats f where f.segment_id = k.segment_id and f.as_of <= k.seam_at order by f.as_of desc limit 1
) f on f.as_of < k.seam_at
where k.run_id = $1::bigint and not k.settled and k.until_at <= $2::timestamptz;
