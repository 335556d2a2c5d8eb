-- Names that `documents` gave a value to, with the type the catalog has for them: event_type, name, type.
-- $1 text: lead, account or event.
select c.event_type, c.name, c.type
from catalog c
where c.subject = $1 and (c.event_type, c.name) in (
  select distinct d.type, e.key
  from documents d cross join lateral jsonb_each(d.said) as e
  where d.problem is null and e.value not in ('null', '""', '[]')
)
order by c.event_type, c.name
