-- Five webinars. To four of them come, by their interest on the day, leads who were visiting in the week
-- before. To the planted one come those marked `attends`, and some register and stay away.
create table webinar_events as
with programme as (
  select * from (values
    (301, 'Lead Scoring 101'),
    (217, 'Attribution in Practice'),
    (133, 'CRM Hygiene'),
    (9, 'Segments That Stay True')
  ) t(d, name)
),
registered as (
  select p.name, p.d, v.n, max(v.d) as signed_d, arg_max(v.s, v.d) as signed_s,
    chance('shows up', v.n, p.d) < 0.55 as comes
  from programme as p
  join visits as v on v.d between p.d + 1 and p.d + 7
  join leads as l on l.n = v.n and l.kind <> 'rising'
  group by p.name, p.d, v.n
  having chance('registers', v.n, p.d) < 0.45
  union all
  select 'Pipeline Forecasting', webinar_day(), n, webinar_day() + 1 + upto(6, chance('signed', n)),
    working_second(chance('signed at', n)), attends
  from leads
  where kind = 'rising' and (attends or chance('no show', n) < 0.6)
)
select n, signed_d as d, signed_s + 1500 as s, 'webinar_registered' as type, name as content from registered
union all
select n, d, 57600 + upto(600, chance('joins', n, d)), 'webinar_attended', name from registered where comes
