-- Stores what `retyped` says in the history of an attribute. $1 text: lead or account. $2 text: name.
update attribute_change c set value = r.typed, ingest_xid = pg_current_xact_id()
from retyped r
where c.subject = $1::text and c.attribute = $2::text and c.value = r.value and r.typed is distinct from r.value
