-- Writes the figures; who came and went is counted afterwards. $1 run_id bigint.
insert into segment_stats (segment_id, as_of, run_id, members, leads, entered, "left", score_sum)
select s.segment_id, s.as_of, s.by_run_id, s.members, s.leads, coalesce(c.entered, 0), coalesce(c."left", 0), s.score_sum
from backfill_stats s
left join (
  select segment_id, as_of, count(*) filter (where change = 'entered') as entered,
    count(*) filter (where change = 'left') as "left"
  from backfill_change
  where run_id = $1::bigint and cause in ('data', 'time', 'manual')
  group by segment_id, as_of
) c using (segment_id, as_of)
where s.run_id = $1::bigint;
