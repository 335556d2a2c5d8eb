-- Makes `named`: every name that `documents` gives a value to, and for those that the catalog does not have yet the
-- type that all their values have. Null, empty text and the empty list are no values.
-- $1 text: lead, account or event. $2 text: time zone of instants that name none.
create temp table named as
select type as event_type, key as name, case
  when known then null
  when bool_or(jsonb_typeof(value) in ('array', 'object')) then 'json'
  when bool_and(as_number(text) is not null) then 'number'
  when bool_and(lower(text) in ('true', 'false')) then 'boolean'
  when bool_and(as_instant(coalesce(iso, text), $2) is not null) then 'instant'
  else 'text'
end as type
from (
  select d.type, e.key, e.value, c.name is not null as known,
    case when c.name is null then e.value #>> '{}' end as text,
    case when c.name is null then d.said_iso ->> e.key end as iso
  from documents d cross join lateral jsonb_each(d.said) as e
  left join catalog c on c.subject = $1 and c.event_type = d.type and c.name = e.key
  where d.problem is null and e.value not in ('null', '""', '[]')
  offset 0
) as said
group by type, key, known
