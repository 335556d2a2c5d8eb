-- A visit is a session on one day; it has pages, sometimes a download, a form, a demo request.
create table visits as
select
  n,
  d,
  working_second(chance('visit at', n, d)) as s,
  1 + upto(4, chance('pages', n, d) * chance('pages', n, d)) as pages,
  choice(['organic', 'organic', 'direct', 'paid', 'social', 'referral', 'email'],
    chance('channel', n, d)) as channel
from interest
where chance('visit', n, d) < least(0.9, interest * pace * rhythm(d) + whim);

create table web_events as
with views as (
  select v.n, v.d, v.s + 70 * i + upto(60, chance('dwell', v.n, v.d, i)) as s, v.channel, i,
    chance('page', v.n, v.d, i) as u,
    chance('which', v.n, v.d, i) as w,
    -- Some never ask for the price, some ask often.
    case
      when chance('price', v.n) < 0.55 then 0.0
      when l.kind in ('evaluate', 'champion') then 0.16
      else 0.12
    end as price
  from visits as v
  join leads as l using (n)
  cross join unnest(range(v.pages)) t(i)
)
select
  n, d, s, 'page_view' as type,
  case
    when u < price then '/pricing'
    when u < 0.30 then '/'
    when u < 0.55 then '/docs'
    when u < 0.72 then choice(['/case-studies/northwind', '/case-studies/harbor-bank',
      '/case-studies/fernleaf', '/case-studies/tidal-freight'], w)
    else choice(['/blog/what-is-a-segment', '/blog/scoring-that-sales-trusts', '/blog/trial-emails',
      '/blog/pipeline-math', '/blog/cold-leads', '/blog/webinar-follow-up'], w)
  end as page,
  channel,
  -- Paid and social visits come from a campaign. For a quarter of the year, q1 stood where launch stands before and after.
  case
    when channel in ('paid', 'social') then
      choice(['brand', 'retargeting', 'competitors', if(d between 206 and 295, 'q1', 'launch')], w)
  end as campaign,
  null as content
from views
union all
select n, d, s + 600, 'whitepaper_download', null, channel, null,
  choice(['The Scoring Handbook', 'State of Lead Data', 'Trials That Convert'], chance('paper', n, d))
from visits
where chance('download', n, d) < 0.035
union all
select n, d, s + 720, 'form_submit', null, channel, null,
  choice(['newsletter', 'talk-to-us', 'roi-calculator'], chance('form', n, d))
from visits
where chance('submit', n, d) < 0.030
union all
select n, d, s + 840, 'demo_request', null, channel, null, null
from visits
where chance('demo', n, d) < 0.012
union all
select n, d, 32400, 'event_attended', null, null, 'field',
  choice(['RevOps Live', 'Data Days'], chance('fair', n, d))
from visits
where d in (29, 118, 203, 290) and chance('goes', n, d) < 0.35
