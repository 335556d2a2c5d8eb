-- Keeps the figures of one instant. $1 as_of timestamptz, $2 position of the main score int (null: none).
insert into backfilled_stats (segment_id, as_of, members, leads, entered, "left", score_sum)
select p.segment_id, $1::timestamptz, count(h.lead_id), (select count(*) from evaluated),
  (select count(*) from staged_change c where c.segment_id = p.segment_id and c.change = 'entered'),
  (select count(*) from staged_change c where c.segment_id = p.segment_id and c.change = 'left'),
  case when $2::int is not null then coalesce(sum(coalesce(e.scores[$2::int], 0)), 0) / 1000000 end
from planned p
left join held_member h using (segment_id)
left join evaluated e on e.lead_id = h.lead_id
group by p.segment_id;
