-- The names in `named` with the types that the catalog has for them: event_type, name, type, inferred (just now).
-- $1 text: lead, account or event.
select c.event_type, c.name, c.type, n.type is not null as inferred
from named n join catalog c on c.subject = $1 and c.event_type = n.event_type and c.name = n.name
order by c.event_type, c.name
