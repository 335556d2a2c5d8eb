-- This cluster is the one whose ids are stored from now on. $1 whether they were another one's boolean.
insert into cluster (system_identifier, restored_after)
select system_identifier,
  case when $1::boolean then (select max(run_id) from runs where status = 'done') end
from pg_control_system()
on conflict (only_row) do update
  set system_identifier = excluded.system_identifier, restored_after = excluded.restored_after;
