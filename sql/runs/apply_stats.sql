-- One row per segment in which a figure changed since its last one.
-- $1 as_of timestamptz, $2 run_id bigint, $3 leads that exist bigint.
insert into segment_stats (segment_id, as_of, run_id, members, leads, entered, "left", score_sum)
with flow_now as (
  select segment_id,
    count(*) filter (where change = 'entered' and cause in ('data', 'time', 'manual')) as entered,
    count(*) filter (where change = 'left' and cause in ('data', 'time', 'manual')) as "left",
    count(*) as changes
  from staged_change group by segment_id
)
select m.segment_id, $1::timestamptz, $2::bigint, m.members, $3::bigint,
  coalesce(f.entered, 0), coalesce(f."left", 0), m.score_sum * 0.000001
from staged_figure m
join planned using (segment_id)
left join flow_now f using (segment_id)
left join lateral (
  select members, leads, score_sum from segment_stats s
  where s.segment_id = m.segment_id and s.as_of < $1::timestamptz order by s.as_of desc limit 1
) as before on true
where coalesce(f.changes, 0) > 0
  or (before.members, before.leads, before.score_sum) is distinct from (m.members, $3::bigint, m.score_sum * 0.000001);
