-- 20,000 leads and what is hidden behind them: when they came, what kind of life they lead, how long they
-- care. `kind` is never exported; it is what a good report would have to guess.
--   glance     looks once or twice and is gone          evaluate   weeks of intense interest, often a trial
--   nurture    a visit now and then, for months          champion   months of steady use
--   rising     more active from week to week, some with a webinar (04_interest, 08_webinars)
--   summit     the leads of Harbor Summit (09_summit)         cast       four leads written by hand (10_cast)
create table leads as
with numbers as (
  select n, chance('kind', n) as u, chance('age', n) as age, chance('span', n) as long
  from range(1, 20001) t(n)
),
kinds as (
  select
    *,
    case
      when n in (442, 1234, 3337, 14321) then 'cast'
      when u < 0.030 then 'summit'
      when u < 0.068 then 'rising'
      when u < 0.525 then 'glance'
      when u < 0.815 then 'nurture'
      when u < 0.955 then 'evaluate'
      else 'champion'
    end as kind
  from numbers
),
lives as (
  select
    n,
    kind,
    -- The day of first sight: 12 % from before the year, the others spread over it, somewhat denser lately.
    case
      when n = 442 then 31
      when n = 1234 then 60
      when n = 14321 then 25
      when kind = 'cast' then 120
      when kind = 'summit' then summit_day()
      when kind = 'rising' then webinar_day() + 30 + upto(80, age)
      when age < 0.12 then 366 + upto(500, chance('before', n))
      else 1 + upto(364, 0.75 * chance('in year', n) + 0.25 * chance('in year', n) * chance('in year', n))
    end as first_day,
    -- For how many days interest lasts, falling from full to none.
    case kind
      when 'glance' then 2 + upto(14, long)
      when 'nurture' then 60 + upto(400, long)
      when 'evaluate' then 20 + upto(90, long)
      when 'champion' then 200 + upto(500, long)
      else 0
    end as span,
    -- Visits a day at full interest.
    case kind
      when 'glance' then 0.25
      when 'nurture' then 0.02 + 0.05 * chance('pace', n)
      when 'evaluate' then 0.10 + 0.25 * chance('pace', n)
      when 'champion' then 0.06 + 0.12 * chance('pace', n)
      when 'rising' then 0.22
      else 0
    end as pace,
    -- How likely a mail is opened at full interest.
    case
      when kind in ('cast', 'summit') then 0
      when kind = 'rising' then 0.28
      else 0.30 + 0.55 * chance('opener', n)
    end as opener,
    -- Account links: everybody in the first 2,000 has a different one, the others crowd in few.
    case
      when n = 442 then 1
      when n in (1234, 14321) then 234
      when chance('no account', n) < 0.03 then null
      when n <= 2000 then n
      else 1 + upto(2000, 0.4 * chance('account', n) + 0.6 * chance('account', n) * chance('account', n))
    end as a,
    case
      when n = 442 then 'Marketer'
      else choice(['Marketer', 'Marketer', 'Marketer', 'Seller', 'Seller', 'Engineer', 'Engineer', 'Engineer',
        'Analyst', 'Executive'], chance('persona', n))
    end as persona
  from kinds
),
trials as (
  select
    *,
    case
      when kind = 'evaluate' and chance('trial', n) < 0.60
        or kind = 'champion' and chance('trial', n) < 0.75
        or kind = 'nurture' and chance('trial', n) < 0.08
        or kind = 'glance' and chance('trial', n) < 0.04
      then first_day - upto(least(span, 60), 0.7 * chance('trial day', n))
    end as trial_day
  from lives
)
select
  * exclude (trial_day),
  case when trial_day between 1 and 365 then trial_day end as trial_day,
  chance('activates', n) < 0.58 as activates,
  case kind when 'champion' then 60 + upto(200, chance('use', n)) else 6 + upto(80, chance('use', n)) end
    as use_days,
  -- Who comes to the planted webinar: two fifths of those who are rising, and nobody else.
  kind = 'rising' and chance('attends', n) < 0.4 as attends
from trials
