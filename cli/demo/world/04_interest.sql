-- For every lead and every day of the year on which it was known: how much it cares (0 to 4). Times its
-- pace, that is the chance of a visit. What a lead does of itself is drawn from this figure, so that a factor
-- planted here is the factor of all its activity.
create table interest as
with days as (
  select l.n, l.kind, l.pace, l.opener, l.span, l.attends, cast(d as integer) as d, l.first_day - d as age
  from leads as l
  cross join range(1, 366) t(d)
  where d <= l.first_day
    and l.kind <> 'summit'
    and l.kind <> 'cast'
)
select
  n,
  d,
  pace,
  opener,
  case
    -- The rising ones: level at first, from two weeks before the webinar at twice that, and they stay there,
    -- webinar or not. Having attended multiplies the four weeks from its day on by 1.5. Then they calm down.
    when kind = 'rising' then
      case
        when d > webinar_day() + 28 then 0.1
        when d > webinar_day() + 14 then 1.0
        when d > webinar_day() then 2.0
        when d > webinar_day() - 28 then if(attends, 3.0, 2.0)
        else 0.15
      end
    when age = 0 then 4.0
    when age < span then 1.0 - age / span
    else 0.0
  end as interest,
  -- Out of the blue: those long gone look in again, once in a few years.
  case when kind in ('glance', 'nurture') and age >= span then 0.0005 else 0.0 end as whim
from days
