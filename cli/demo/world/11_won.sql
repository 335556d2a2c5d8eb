-- Who became a customer, when, and for how much. Planted: of those who ever viewed the pricing page 6 % do,
-- of all others 2 %. The shares are exact because they are cut off a ranking; in the ranking, trials that
-- were activated and webinars come earlier. A conversion follows the first pricing view (or the first sight
-- of an interested lead) by one to sixty days.
create table won as
with asked as (
  select n, max(d) as since
  from (
    select n, d, page from web_events
    union all by name select n, d, page from cast_events
  )
  where page = '/pricing'
  group by n
),
candidates as (
  select
    l.n,
    l.a,
    l.kind,
    k.n is not null as asked,
    coalesce(k.since, least(l.first_day, 365)) as since,
    -- Whoever can't convert in time, or has a part of their own to play, comes last.
    coalesce(k.since, l.first_day) between 3 and 365 and l.kind not in ('summit', 'cast') as can,
    chance('wins', l.n)
      / (1 + if(l.trial_day is not null and l.activates, 3, 0) + if(l.kind in ('champion', 'evaluate'), 1, 0)
           + if(w.n is not null, 1, 0)) as place
  from leads as l
  left join asked as k on k.n = l.n
  left join (select distinct n from webinar_events where type = 'webinar_attended') as w on w.n = l.n
),
ranked as (
  select
    *,
    row_number() over (partition by asked order by can desc, place, n) as rank,
    count(*) over (partition by asked) as many
  from candidates
),
winners as (
  select n, a, kind, since - 1 - upto(least(60, since - 2), chance('won after', n)) as d
  from ranked
  where rank <= round(many * if(asked, 0.06, 0.02))
)
select
  w.n,
  w.d,
  working_second(chance('won at', w.n)) as s,
  100 * (24 + upto(40, chance('value', w.n)) + coalesce(least(accounts.employees, 8000), 300) // 40) as value,
  -- A fifth of the older customers leave again: two tickets, then silence from this day on.
  case
    when w.d > 60 and chance('churns', w.n) < 0.2 and w.kind <> 'rising'
      then w.d - 20 - upto(w.d - 40, chance('churn day', w.n))
  end as churn_day
from winners as w
left join accounts on accounts.a = w.a
