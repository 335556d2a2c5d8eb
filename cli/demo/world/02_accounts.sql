-- 2,000 accounts. Their names are 50 × 40 words, each pair once.
create table accounts as
with numbers as (
  select a from range(1, 2001) t(a)
),
drawn as (
  select
    a,
    choice(company_words(), (a % 50 + 0.5) / 50)
      || replace(choice(company_endings(), ((a // 50) % 40 + 0.5) / 40), '_', ' ') as name,
    choice(['Technology', 'Technology', 'Technology', 'Technology', 'Technology',
      'Healthcare', 'Healthcare', 'Healthcare', 'Finance', 'Finance', 'Finance',
      'Manufacturing', 'Manufacturing', 'Manufacturing', 'Retail', 'Retail',
      'Education', 'Logistics', 'Media', 'Energy'], chance('industry', a)) as industry,
    -- Many small, few large: about 60 % up to 500 employees, 20 % above 1,000.
    case
      when chance('size', a) < 0.35 then 2 + upto(48, chance('employees', a))
      when chance('size', a) < 0.60 then 50 + upto(451, chance('employees', a))
      when chance('size', a) < 0.80 then 501 + upto(500, chance('employees', a))
      else 10 * (101 + upto(1900, chance('employees', a) * chance('employees', a)))
    end as employees,
    -- Planted: 4 % come from a list that only knows ranges.
    chance('range', a) < 0.04 as only_range,
    choice(['free', 'free', 'free', 'free', 'team', 'team', 'business', 'enterprise'],
      chance('plan', a)) as plan,
    choice(['Americas', 'Americas', 'EMEA', 'EMEA', 'APAC'], chance('region', a)) as region
  from numbers
)
select
  a,
  'A-' || (1000 + a) as account_id,
  case when a = 1 then 'Northwind' else name end as name,
  case when chance('no industry', a) < 0.05 and a <> 1 then null else industry end as industry,
  case when a = 1 then 1200 when only_range then null else employees end as employees,
  -- Planted: a quarter of those above 999 are written as people write them, 1,200.
  case
    when a = 1 then '1,200'
    when only_range then null
    when employees >= 1000 and chance('written', a) < 0.25 then format('{:,}', employees)
    else cast(employees as varchar)
  end as company_size,
  case
    when a = 1 or not only_range then null
    when employees <= 50 then '1-50'
    when employees <= 500 then '51-500'
    when employees <= 1000 then '501-1000'
    else '1001+'
  end as employees_range,
  plan,
  region
from drawn
