-- The properties of one event type, on how many of its events each is known, and its most common values.
-- $1 text: type. $2 int: how many values; 0 for none.
-- Columns: name, type, known, of (how many events there are), different (values), values (value and count).
with of_type as (
  select properties from events where type = $1::text
), counted as (
  select p.key as name, p.value, count(*) as times
  from of_type cross join lateral jsonb_each(properties) p
  where p.value not in ('null', '""', '[]')
  group by p.key, p.value
), ranked as (
  select *, row_number() over (partition by name order by times desc, value) as rank from counted
), summed as (
  select name, sum(times)::bigint as known, count(*) as different,
    jsonb_agg(jsonb_build_object('value', value, 'count', times) order by rank) filter (where rank <= $2::int) as values
  from ranked group by name
)
select c.name, c.type, coalesce(s.known, 0) as known, (select count(*) from of_type) as "of",
  coalesce(s.different, 0) as different, coalesce(s.values, '[]') as values
from catalog c left join summed s using (name)
where c.subject = 'event' and c.event_type = $1::text
order by c.name
