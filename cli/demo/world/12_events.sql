-- Everything together, numbered in the order of time; sync updates by a machine fill up to 600,000 with the
-- conversions. What is not there is part of the world too: churned customers do nothing, and on one day no
-- api_call arrived.
create table events as
with activity as (
  select * from web_events
  union all by name select * from trial_events
  union all by name select * from webinar_events
  union all by name select * from summit_events
  union all by name select * from cast_events
  union all by name select * from emails
  union all by name
  select n, churn_day + 2 + 5 * i as d, 36000 + 900 * i as s, 'support_ticket' as type, 'billing' as content
  from won cross join unnest([0, 1]) t(i) where churn_day is not null
),
kept as (
  select a.*
  from activity as a
  left join won as w on w.n = a.n and a.d <= w.churn_day and a.type <> 'email_sent'
  where w.n is null
    and not (a.type = 'api_call' and a.d = silent_day())
),
missing as (
  select 600000 - (select count(*) from kept) - (select count(*) from won) as times
),
syncs as (
  -- Never before 07:00, so that on a lead's first day they come after its first_seen_at.
  select n, 1 + upto(least(first_day, 365), chance('sync day', i)) as d,
    25200 + upto(61200, chance('sync at', i)) as s, 'sync_update' as type
  from missing
  cross join unnest(range(times)) t(i)
  join leads on n = 1 + upto(20000, chance('sync', i))
),
everything as (
  select * from kept
  union all by name select * from syncs
)
select
  row_number() over (order by d desc, s, n, type, page, content, campaign) as number,
  *
from everything
