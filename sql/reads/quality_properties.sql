-- How well the stored properties of events fit their types. No parameters.
-- Columns: subject, event, name, type, of (how many events of the type there are), known, wrong (values that are not of
-- the type), kinds (of the wrong ones: kind → how many; null if there are none).
with counted as (
  select event_type, name, type, kind, typed, count(*) as times
  from (
    select c.event_type, c.name, c.type, e.properties -> c.name as value, is_typed(e.properties -> c.name, c.type) as typed
    from catalog c join events e on e.type = c.event_type
    where c.subject = 'event'
    offset 0
  ) as every
  cross join lateral (select case when not typed then stored_kind(value, type) end as kind offset 0) as k
  group by event_type, name, type, kind, typed
)
select 'event' as subject, event_type as event, name, type, sum(times)::bigint as "of",
  coalesce(sum(times) filter (where typed is not null), 0)::bigint as known,
  coalesce(sum(times) filter (where not typed), 0)::bigint as wrong,
  jsonb_object_agg(kind, times) filter (where kind is not null) as kinds
from counted
group by event_type, name, type
order by event_type, name
