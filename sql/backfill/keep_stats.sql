-- Keeps the figures of one instant. Entries and exits by cause backfill are not counted, here as anywhere. $1 as_of timestamptz, $2 position of the main score int (null: none).
insert into backfilled_stats (segment_id, as_of, members, leads, entered, "left", score_sum)
select p.segment_id, $1::timestamptz, count(h.lead_id), (select count(*) from evaluated),
  0, 0,
  case when $2::int is not null then coalesce(sum(coalesce(e.scores[$2::int], 0)), 0) / 1000000 end
from planned p
left join held_member h using (segment_id)
left join evaluated e on e.lead_id = h.lead_id
group by p.segment_id;
