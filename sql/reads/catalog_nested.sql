-- The keys within the json values of leads, accounts or the events of a type: what a path in a definition can lead to.
-- $1 text: lead, account or event. $2 text: event type, or ''. $3 int: how many values; 0 for none. $4 int: how many keys
-- of a name, the most common ones. $5 int: how long a path may be.
-- Columns: name, path (a JSON list), type (json: lists, objects or several), known, of (how many leads, accounts or events there
-- are), different (values), values (value and count), keys (how many the name has in all).
with recursive holders as (
  select attributes as held from leads where $1::text = 'lead'
  union all
  select attributes from accounts where $1::text = 'account'
  union all
  select properties from events where $1::text = 'event' and type = $2::text
), objects as (
  select c.name, h.held -> c.name as value, count(*) as times
  from catalog c cross join holders h
  where c.subject = $1::text and c.event_type = $2::text and c.type = 'json'
    and jsonb_typeof(h.held -> c.name) = 'object'
  group by c.name, value
), nested as (
  select o.name, array[e.key] as path, e.value, o.times from objects o cross join lateral jsonb_each(o.value) e
  union all
  select n.name, n.path || e.key, e.value, n.times
  from nested n
  cross join lateral jsonb_each(case jsonb_typeof(n.value) when 'object' then n.value else '{}' end) e
  where cardinality(n.path) < $5::int
), counted as (
  select name, path, value, sum(times)::bigint as times
  from nested
  where value not in ('null', '""', '[]')
  group by name, path, value
), ranked as (
  select *, row_number() over (partition by name, path order by times desc, value) as rank from counted
), summed as (
  select name, path, sum(times)::bigint as known, count(*) as different,
    jsonb_agg(jsonb_build_object('value', value, 'count', times) order by rank) filter (where rank <= $3::int) as values,
    array_agg(distinct jsonb_typeof(value)) as kinds
  from ranked group by name, path
), placed as (
  select *, count(*) over (partition by name) as keys,
    row_number() over (partition by name order by known desc, path collate "C") as place
  from summed
)
select name, to_json(p.path) as path, case kinds
    when array['string'] then 'text' when array['number'] then 'number' when array['boolean'] then 'boolean' else 'json'
  end as type,
  known, (select count(*) from holders) as "of", different, coalesce(values, '[]') as values, keys
from placed p
where place <= $4::int
order by name, p.path collate "C"
