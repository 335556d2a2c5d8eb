-- The figures of segments at an instant, as recorded. Entered and left by cause data, time or manual; by any other,
-- otherwise_entered and otherwise_left.
-- $1 segment_ids bigint[], $2 instant timestamptz, $3 seconds before it for entered and left int, $4 days of trend int.
-- Columns: segment_id, members, leads, mean_score, entered, left, otherwise_entered, otherwise_left, trend (members at
-- the end of each day, oldest first).
select s.segment_id, now.members, now.leads, round(now.score_sum / nullif(now.members, 0), 6) as mean_score,
  flow.entered, flow."left", flow.otherwise_entered, flow.otherwise_left, trend.members as trend
from unnest($1::bigint[]) s(segment_id)
left join lateral (
  select t.members, t.leads, t.score_sum from segment_stats t
  where t.segment_id = s.segment_id and t.as_of <= $2::timestamptz order by t.as_of desc limit 1
) now on true
left join lateral (
  select count(*) filter (where c.change = 'entered' and c.own) as entered,
    count(*) filter (where c.change = 'left' and c.own) as "left",
    count(*) filter (where c.change = 'entered' and not c.own) as otherwise_entered,
    count(*) filter (where c.change = 'left' and not c.own) as otherwise_left
  from (select *, cause in ('data', 'time', 'manual') as own from membership_change) c
  where c.segment_id = s.segment_id
    and c.as_of > $2::timestamptz - make_interval(secs => $3::int) and c.as_of <= $2::timestamptz
) flow on true
left join lateral (
  select jsonb_agg(d.members order by d.day) as members
  from (
    select day, (
      select t.members from segment_stats t
      where t.segment_id = s.segment_id and t.as_of <= day order by t.as_of desc limit 1
    ) as members
    from generate_series(0, $4::int - 1) back
    cross join lateral (select $2::timestamptz - make_interval(days => back) as day) at
  ) d
) trend on true
