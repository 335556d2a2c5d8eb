-- Harbor Summit. Its leads come on one day and spend a first week; by strength 0, 1, 2, … that week earns
-- them about 10 × 1.35^strength points, and each next strength has three quarters as many leads. After it,
-- strength k reads k pages in the next week, then k - 1, and so on: in no week does anybody do as much as
-- in the week before. So everybody cools, the weak fall silent first and leave a segment that asks for
-- recent activity, and the mean score of those who stay rises.
create table summit_events as
with strengths as (
  -- The bounds are the running sums of 0.25 × 0.75^k.
  select n, len(list_filter([0.25, 0.4375, 0.578, 0.684, 0.763, 0.822, 0.867, 0.900, 0.925],
    lambda bound : bound <= chance('strength', n))) as k
  from leads
  where kind = 'summit'
),
first_week as (
  -- How many of each type; 10 points for attending come on top.
  select n, k,
    [0, 3, 3, 4, 4, 8, 15, 18, 25, 38][k + 1] as page_view,
    [0, 0, 1, 0, 1, 2, 2, 3, 4, 4][k + 1] as form_submit,
    [0, 0, 0, 1, 1, 2, 3, 2, 4, 6][k + 1] as whitepaper_download,
    [0, 0, 0, 0, 0, 0, 0, 1, 1, 1][k + 1] as demo_request
  from strengths
),
first_events as (
  select n, type, i
  from (
    unpivot first_week
    on page_view, form_submit, whitepaper_download, demo_request
    into name type value times
  )
  cross join unnest(range(times)) t(i)
),
later_events as (
  select n, j, i
  from strengths
  cross join unnest(range(1, k + 1)) t(j)
  cross join unnest(range(k + 1 - j)) u(i)
)
select n, summit_day() as d, 32400 + upto(3600, chance('arrives', n)) as s, 'event_attended' as type,
  null as page, 'Harbor Summit' as content
from strengths
union all
select n, summit_day() - upto(7, chance('first day', n, type, i)),
  46800 + upto(28800, chance('first at', n, type, i)), type,
  if(type = 'page_view', '/blog/harbor-summit', null),
  case type when 'form_submit' then 'talk-to-us' when 'whitepaper_download' then 'State of Lead Data' end
from first_events
union all
select n, summit_day() - 7 * j - upto(7, chance('later day', n, j, i)),
  working_second(chance('later at', n, j, i)), 'page_view', '/docs', null
from later_events
where j <= 8
