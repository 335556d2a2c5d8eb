-- Carries the figures of each segment forward by what the leads that were looked at add and take away.
-- $1 main score text, $2 its position in evaluated.scores int (both null: none). Reads held_member, difference, evaluated.
insert into staged_figure (segment_id, members, score_sum)
with before as (
  select p.segment_id, s.members, s.score_sum * 1000000 as score_sum
  from planned p
  cross join lateral (
    select members, score_sum from segment_stats s where s.segment_id = p.segment_id order by s.as_of desc limit 1
  ) as s
),
scored as (
  select c.lead_id, e.scores[$2::int] as points, coalesce(s.value, 0) * 1000000 as points_before
  from candidate c
  left join evaluated e on e.lead_id = c.lead_id
  left join lead_scores s on s.lead_id = c.lead_id and s.score = $1::text
)
select b.segment_id, b.members + coalesce(d.members, 0), b.score_sum + coalesce(d.score_sum, 0)
from before b
left join (
  select segment_id, sum(members) as members, sum(score_sum) as score_sum
  from (
    -- Who stays adds what their points have changed by; who comes or goes, all they have now.
    select h.segment_id, 0 as members, coalesce(s.points, 0) - s.points_before as score_sum
    from held_member h join scored s using (lead_id)
    union all
    select d.segment_id, case d.change when 'entered' then 1 else -1 end,
      case d.change when 'entered' then 1 else -1 end * coalesce(s.points, 0)
    from difference d join scored s using (lead_id)
  ) as each
  group by segment_id
) as d on d.segment_id = b.segment_id;
