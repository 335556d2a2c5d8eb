-- Stores what `retyped` says in the properties of events. $1 text: event type. $2 text: name.
update events e set properties = properties || jsonb_build_object($2::text, r.typed), ingest_xid = pg_current_xact_id()
from retyped r
where e.type = $1::text and e.properties ? $2::text and e.properties -> $2::text = r.value
  and r.typed is distinct from r.value
