-- Stores what `retyped` says in the attributes of accounts. $1 text: name.
update accounts set attributes = attributes || jsonb_build_object($1::text, r.typed), ingest_xid = pg_current_xact_id()
from retyped r
where attributes ? $1::text and attributes -> $1::text = r.value and r.typed is distinct from r.value
