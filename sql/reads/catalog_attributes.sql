-- The attributes of leads or accounts, on how many of them each is known, and its most common values.
-- $1 text: lead or account. $2 int: how many values; 0 for none.
-- Columns: name, type, known, of (how many leads or accounts there are), different (values), values (value and count).
with holders as (
  select attributes from leads where $1::text = 'lead'
  union all
  select attributes from accounts where $1::text = 'account'
), counted as (
  select e.key as name, e.value, count(*) as times
  from holders cross join lateral jsonb_each(attributes) e
  where e.value not in ('null', '""', '[]')
  group by e.key, e.value
), ranked as (
  select *, row_number() over (partition by name order by times desc, value) as rank from counted
), summed as (
  select name, sum(times)::bigint as known, count(*) as different,
    jsonb_agg(jsonb_build_object('value', value, 'count', times) order by rank) filter (where rank <= $2::int) as values
  from ranked group by name
)
select c.name, c.type, coalesce(s.known, 0) as known, (select count(*) from holders) as "of",
  coalesce(s.different, 0) as different, coalesce(s.values, '[]') as values
from catalog c left join summed s using (name)
where c.subject = $1::text
order by c.name
