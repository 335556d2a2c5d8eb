-- How each segment stands as of the last run. Segments that are archived are left out, but for those since an instant.
-- $1 seconds before the last run for entered and left int, $2 days of trend int, $3 keys text[] (null: all),
-- $4 instant timestamptz (null: none).
-- Columns: segment, name, owner, origin, added_by_hand, removed_by_hand (leads, by the clock), status, archived_at, state,
-- good_as_of, error_code, error, members, leads, share, entered and left (by cause data, time or manual),
-- otherwise_entered and otherwise_left (by any other), mean_score, trend (members at the end of each day, oldest first, jsonb array; null before the first run).
-- Hottest first; what was never evaluated, or has no members, last.
with last as (
  select as_of from runs where status = 'done' order by as_of desc, run_id desc limit 1
)
select s.key as segment, s.name, s.owner, s.origin, hands.added as added_by_hand, hands.removed as removed_by_hand,
  s.status, case s.status when 'archived' then to_char(s.updated_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') end as archived_at,
  st.state,
  to_char(coalesce(st.good_as_of, case st.state when 'ok' then last.as_of end), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as good_as_of,
  st.error ->> 'code' as error_code, st.error ->> 'message' as error,
  now.members, now.leads, round(now.members::numeric / nullif(now.leads, 0), 6) as share,
  case when now.members is not null then coalesce(flow.entered, 0) end as entered,
  case when now.members is not null then coalesce(flow."left", 0) end as "left",
  case when now.members is not null then otherwise.entered end as otherwise_entered,
  case when now.members is not null then otherwise."left" end as otherwise_left,
  round(now.score_sum / nullif(now.members, 0), 6) as mean_score,
  trend.members as trend
from segments s
left join segment_state st using (segment_id)
left join last on true
left join lateral (
  select t.members, t.leads, t.score_sum from segment_stats t
  where t.segment_id = s.segment_id order by t.as_of desc limit 1
) now on true
left join lateral (
  select sum(t.entered)::bigint as entered, sum(t."left")::bigint as "left" from segment_stats t
  where t.segment_id = s.segment_id and t.as_of > last.as_of - make_interval(secs => $1::int) and t.as_of <= last.as_of
) flow on true
left join lateral (
  select count(*) filter (where c.change = 'entered') as entered, count(*) filter (where c.change = 'left') as "left"
  from membership_change c
  where c.segment_id = s.segment_id and c.cause in ('definition', 'repair', 'backfill')
    and c.as_of > last.as_of - make_interval(secs => $1::int) and c.as_of <= last.as_of
) otherwise on true
left join lateral (
  select jsonb_agg(d.members order by d.day) as members
  from (
    select day, (
      select t.members from segment_stats t
      where t.segment_id = s.segment_id and t.as_of <= day order by t.as_of desc limit 1
    ) as members
    from generate_series(0, $2::int - 1) back
    cross join lateral (select last.as_of - make_interval(days => back) as day) at
  ) d
) trend on true
left join lateral (
  select count(*) filter (where l.list = 'added') as added, count(*) filter (where l.list = 'removed') as removed
  from segment_list l
  where l.segment_id = s.segment_id and l.list <> 'members' and coalesce(l.until_at > clock_timestamp(), true)
) hands on true
where (s.status <> 'archived' or s.updated_at > $4::timestamptz) and ($3::text[] is null or s.key = any($3::text[]))
order by mean_score desc nulls last, s.key
