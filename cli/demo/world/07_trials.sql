-- A trial begins with a signup. Those who activate it call the API and use features on ever fewer days; the
-- others log in once or twice, if at all. Use brings questions.
create table trial_events as
with signups as (
  select n, trial_day as d, working_second(chance('signup at', n)) as s, activates, use_days
  from leads
  where trial_day is not null
),
used as (
  select t.n, x.d, t.activates,
    -- Nobody uses a trial before having signed up for it on the same day.
    greatest(if(x.d = t.d, t.s, 0), working_second(chance('login at', t.n, x.d))) + 90 as begin_s
  from signups as t
  cross join (select cast(d as integer) as d from range(1, 366) r(d)) as x
  where x.d <= t.d
    and chance('uses', t.n, x.d) < case
      when t.activates then least(0.9, 0.75 * rhythm(x.d) * greatest(0, 1 - (t.d - x.d) / t.use_days))
      when t.d - x.d < 10 then 0.10
      else 0
    end
)
select n, d, s, 'trial_signup' as type, null as content from signups
union all
select n, d, begin_s, 'login', null from used
union all
select n, d, begin_s + 60 + 120 * i, 'feature_used',
  choice(['segments', 'scores', 'exports', 'history', 'alerts'], chance('feature', n, d, i))
from used
cross join unnest(range(1 + upto(2, chance('features', n, d)))) t(i)
where activates or chance('tries', n, d) < 0.3
union all
select n, d, begin_s + 100 + 37 * i, 'api_call',
  choice(['/v1/leads', '/v1/events', '/v1/segments'], chance('endpoint', n, d, i))
from used
cross join unnest(range(1 + upto(3, chance('calls', n, d)))) t(i)
where activates
union all
select n, d, begin_s + 1200, 'support_ticket',
  choice(['billing', 'import', 'api', 'access'], chance('topic', n, d))
from used
where chance('asks', n, d) < 0.02
