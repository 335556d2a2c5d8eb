-- When the last event of each type happened, and how long its type is used to be silent: 99 of 100 times no longer than
-- `habit`, in hours that begin with an event. Only the last 56 days are read.
-- Columns: type, events (in that time), last_at (null: none in that time), silent (seconds since), habit (seconds; null:
-- too few to tell), habitual (whether the silence is no more than twice that, or than three hours).
with hourly as materialized (
  select type, date_trunc('hour', occurred_at) as hour, count(*) as events, max(occurred_at) as last_at
  from events
  where occurred_at > statement_timestamp() - interval '56 days' and occurred_at <= statement_timestamp()
  group by 1, 2
), gaps as (
  select type, events, last_at, extract(epoch from hour - lag(hour) over (partition by type order by hour)) as gap
  from hourly
), types as (
  select type, sum(events)::bigint as events, max(last_at) as last_at,
    case when count(gap) >= 5 then percentile_disc(0.99) within group (order by gap)::bigint end as habit
  from gaps group by type
)
select k.type, coalesce(t.events, 0) as events,
  to_char(t.last_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as last_at, at.silent, t.habit,
  t.habit is null or at.silent <= greatest(2 * t.habit, 10800) as habitual
from event_types k
left join types t using (type)
cross join lateral (select floor(extract(epoch from statement_timestamp() - t.last_at))::bigint as silent) at
order by habitual, t.last_at desc nulls last, k.type
