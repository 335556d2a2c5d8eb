-- When the last event of each type happened, and how long its pauses are as a rule: so long that longer ones make up less than
-- a tenth of the time. By hours, of the last 56 days; and by whole days without any, of the 400 days before its last one.
-- Columns: type, events (in 56 days), last_at (null: never; before these days only the day is known), silent (seconds
-- since), habit (seconds; null: too few to tell, fewer than five days or all within two weeks), habitual (whether the
-- silence is no more than twice that, or than three hours).
with hourly as materialized (
  select type, date_trunc('hour', occurred_at) as hour, count(*) as events, max(occurred_at) as last_at
  from events
  where occurred_at > statement_timestamp() - interval '56 days' and occurred_at <= statement_timestamp()
  group by 1, 2
), recent as (
  select type, sum(events)::bigint as events, max(last_at) as last_at from hourly group by type
), noted as (
  select type, day, max(day) over (partition by type) as last
  from event_days where day <= (statement_timestamp() at time zone 'UTC')::date
), daily as (
  select type, day from noted where day > last - 400
), known as (
  select type, max(day)::timestamptz as last_at, count(*) >= 5 and max(day) - min(day) >= 14 as enough
  from daily group by type
), pauses as (
  select type, 'hour' as grain, pause, pause as length from (
    select type, extract(epoch from hour - lag(hour) over (partition by type order by hour)) as pause from hourly
  ) between_hours
  union all
  select type, 'day', (days - 1) * 86400, days * 86400 from (
    select type, day - lag(day) over (partition by type order by day) as days from daily
  ) between_days
), weighed as (
  select type, grain, pause, sum(pause) over (partition by type, grain order by pause desc) as so_long_or_longer,
    sum(length) over (partition by type, grain) as time
  from pauses where pause is not null
), usual as (
  select type, max(pause) filter (where so_long_or_longer * 10 > time) as habit, bool_or(grain = 'hour') as by_hours
  from weighed group by type
)
select k.type, coalesce(r.events, 0) as events,
  to_char(at.last_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as last_at, at.silent, at.habit,
  at.habit is null or at.silent <= greatest(2 * at.habit, 10800) as habitual
from event_types k
left join recent r using (type)
left join known n using (type)
left join usual u using (type)
cross join lateral (
  select coalesce(r.last_at, n.last_at) as last_at,
    floor(extract(epoch from statement_timestamp() - coalesce(r.last_at, n.last_at)))::bigint as silent,
    -- Where no hours are known, days are all there is to go by.
    case when n.enough then greatest(u.habit, case when u.by_hours then 0 else 86400 end)::bigint end as habit
) at
order by habitual, at.last_at desc nulls last, k.type
