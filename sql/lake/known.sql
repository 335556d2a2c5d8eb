-- Whether a lake is the one that this database knows. $1 lake uuid, $2 token uuid. Columns: system_identifier, known.
select system_identifier::text,
  exists (select from lakes where lake = $1::uuid and $2::uuid in (token, pending)) as known
from pg_control_system()
