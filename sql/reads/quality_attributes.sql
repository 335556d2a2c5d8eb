-- How well what is stored fits its names' types. $1 text: lead or account. $2 text[]: names, or null for all.
-- Columns: subject, event, name, type, of (how many leads or accounts there are), known, wrong (values that are not of
-- the type), kinds (of the wrong ones: kind → how many; null if there are none).
with holders as (
  select attributes from leads where $1::text = 'lead'
  union all
  select attributes from accounts where $1::text = 'account'
), counted as (
  select name, type, kind, typed, count(*) as times
  from (
    select c.name, c.type, h.attributes -> c.name as value, is_typed(h.attributes -> c.name, c.type) as typed
    from catalog c cross join holders h
    where c.subject = $1::text and ($2::text[] is null or c.name = any($2::text[]))
    offset 0
  ) as every
  cross join lateral (select case when not typed then stored_kind(value, type) end as kind offset 0) as k
  group by name, type, kind, typed
)
select $1::text as subject, null as event, name, type, sum(times)::bigint as "of",
  coalesce(sum(times) filter (where typed is not null), 0)::bigint as known,
  coalesce(sum(times) filter (where not typed), 0)::bigint as wrong,
  jsonb_object_agg(kind, times) filter (where kind is not null) as kinds
from counted
group by name, type
order by name
