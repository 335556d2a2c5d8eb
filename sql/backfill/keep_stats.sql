-- Keeps the figures of one instant. $1 run_id bigint, $2 as_of timestamptz,
-- $3 position of the main score int (null: none).
insert into backfill_stats (run_id, segment_id, as_of, by_run_id, members, leads, score_sum)
select $1::bigint, p.segment_id, $2::timestamptz, $1::bigint, count(h.lead_id), (select count(*) from evaluated),
  case when $3::int is not null then coalesce(sum(coalesce(e.scores[$3::int], 0)), 0) * 0.000001 end
from planned p
left join held_member h using (segment_id)
left join evaluated e on e.lead_id = h.lead_id
group by p.segment_id;
