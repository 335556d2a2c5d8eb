-- Fixes the type of every name that the catalog does not have yet, from all values it has in `documents`.
-- Null, empty text and the empty list are no values. $1 text: lead, account or event. $2 text: time zone.
-- Returns the names with the types they now have: event_type, name, type.
insert into catalog (subject, event_type, name, type)
select $1, type, key, case
  when bool_or(jsonb_typeof(value) in ('array', 'object')) then 'json'
  when bool_and(as_number(text) is not null) then 'number'
  when bool_and(lower(text) in ('true', 'false')) then 'boolean'
  when bool_and(as_instant(coalesce(iso, text), $2) is not null) then 'instant'
  else 'text'
end
from (
  select d.type, e.key, e.value, e.value #>> '{}' as text, d.said_iso ->> e.key as iso
  from documents d cross join lateral jsonb_each(d.said) as e
  where d.problem is null
    and e.value not in ('null', '""', '[]')
    and not exists (select from catalog c where c.subject = $1 and c.event_type = d.type and c.name = e.key)
  offset 0
) as said
group by type, key
order by type, key
on conflict do nothing
returning event_type, name, type
