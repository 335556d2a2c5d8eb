-- Makes `named`: every name that `documents` gives a value to, and for those that the catalog does not have yet the
-- type that all their values have. Null, empty text and the empty list are no values.
-- $1 text: lead, account or event. $2 text: time zone of instants that name none.
create temp table named as
select type as event_type, key as name, case
  when known then null
  when bool_or(kind = 'json') then 'json'
  when min(kind) = max(kind) then min(kind)
  else 'text'
end as type
from (
  select type, key, known, case
    when known then null
    when jsonb_typeof(value) in ('array', 'object') then 'json'
    when as_number(text) is not null then 'number'
    when length(text) in (4, 5) and lower(text) in ('true', 'false') then 'boolean'
    when iso is not null then 'instant'
    when text ~~ '____-__-__%' and as_instant(text, $2) is not null then 'instant'
    else 'text'
  end as kind
  from (
    select d.type, e.key, e.value, coalesce(c.names ? e.key, false) as known, e.value #>> '{}' as text, d.iso ->> e.key as iso
    from documents d
    left join (
      select event_type, jsonb_object_agg(name, true) as names from catalog where subject = $1 group by event_type
    ) c on c.event_type = d.type
    cross join lateral jsonb_each(d.said) as e
    where e.value not in ('null', '""', '[]')
    offset 0
  ) as said
) as kinds
group by type, key, known
