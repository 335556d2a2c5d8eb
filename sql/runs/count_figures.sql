-- Counts the figures of each segment anew. $1 position of the main score in evaluated.scores int (null: none).
-- Reads held_member, difference, evaluated.
insert into staged_figure (segment_id, members, score_sum)
with member as (
  select h.segment_id, h.lead_id, 1 as sign from held_member h join planned using (segment_id)
  union all
  select segment_id, lead_id, case change when 'entered' then 1 else -1 end from difference
)
select p.segment_id, coalesce(sum(m.sign), 0),
  case when $1::int is not null then coalesce(sum(m.sign * coalesce(e.scores[$1::int], 0)), 0) end
from planned p
left join member m using (segment_id)
left join evaluated e on e.lead_id = m.lead_id
group by p.segment_id;
