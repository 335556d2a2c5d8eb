-- Four leads written by hand.
create table cast_events as
with written as (
  -- L-10442: signed up for a trial, never called the API, silent for 18 days.
  select * from (values
    (442, 31, 33120, 'page_view', '/'), (442, 31, 33200, 'page_view', '/pricing'),
    (442, 27, 51300, 'page_view', '/case-studies/harbor-bank'), (442, 24, 33000, 'page_view', '/pricing'),
    (442, 24, 33120, 'trial_signup', null), (442, 18, 27600, 'email_open', null)
  ) t(n, d, s, type, page)
  union all
  -- L-11234 and L-24321 are one person: 30 points each, so neither is hot; together they would be.
  select 1234, 58 - 3 * i, 36000 + 600 * i, 'page_view', if(i = 4, '/pricing', '/docs')
  from range(9) t(i)
  union all
  select * from (values
    (1234, 55, 40000, 'whitepaper_download', null), (1234, 46, 41000, 'form_submit', null),
    (1234, 37, 42000, 'form_submit', null), (1234, 31, 43000, 'email_click', null),
    (14321, 25, 50000, 'trial_signup', null)
  ) t
  union all
  select 14321, 24 - 2 * i, 37000 + 500 * i, 'page_view', if(i % 2 = 0, '/docs', '/blog/trial-emails')
  from range(10) t(i)
  union all
  -- L-13337 is a bot: 5,000 page views in a day, one every 17 seconds. It never asks for the price.
  select 3337, bot_day(), 17 * i, 'page_view',
    choice(['/', '/docs', '/blog/what-is-a-segment', '/blog/pipeline-math'], chance('crawls', i))
  from range(5000) t(i)
)
select
  *,
  case type
    when 'whitepaper_download' then 'The Scoring Handbook'
    when 'form_submit' then 'talk-to-us'
  end as content,
  if(type in ('email_open', 'email_click'), 'product-tips', null) as campaign
from written
