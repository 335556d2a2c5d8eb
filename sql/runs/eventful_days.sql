-- The UTC days on which anything happened. $1 first day date, $2 last day date. Columns: day.
with bounds as (
  select $1::date::timestamp at time zone 'UTC' as begins, ($2::date + 1)::timestamp at time zone 'UTC' as ends
)
select distinct to_char(at at time zone 'UTC', 'YYYY-MM-DD') as day
from (
  select occurred_at as at from events
  union all
  select from_at from attribute_change
  union all
  select first_seen_at from leads
) as happened, bounds
where at >= begins and at < ends;
