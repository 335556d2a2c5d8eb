-- One row per segment in which a figure changed since its last one.
-- $1 as_of timestamptz, $2 run_id bigint, $3 position of the main score int (null: none).
insert into segment_stats (segment_id, as_of, run_id, members, leads, entered, "left", score_sum)
with leads_now as (select count(*) as leads from evaluated),
members_now as (
  select p.segment_id, count(m.lead_id) as members,
    case when $3::int is not null then coalesce(sum(coalesce(e.scores[$3::int], 0)), 0) / 1000000 end as score_sum
  from planned p
  left join membership m using (segment_id)
  left join evaluated e on e.lead_id = m.lead_id
  group by p.segment_id
),
flow_now as (
  select segment_id,
    count(*) filter (where change = 'entered' and cause in ('data', 'time', 'manual')) as entered,
    count(*) filter (where change = 'left' and cause in ('data', 'time', 'manual')) as "left",
    count(*) as changes
  from staged_change group by segment_id
)
select m.segment_id, $1::timestamptz, $2::bigint, m.members, l.leads,
  coalesce(f.entered, 0), coalesce(f."left", 0), m.score_sum
from members_now m
cross join leads_now l
left join flow_now f using (segment_id)
left join lateral (
  select members, leads, score_sum from segment_stats s
  where s.segment_id = m.segment_id and s.as_of < $1::timestamptz order by s.as_of desc limit 1
) as before on true
where coalesce(f.changes, 0) > 0
  or (before.members, before.leads, before.score_sum) is distinct from (m.members, l.leads, m.score_sum);
