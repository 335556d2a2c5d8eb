-- Who holds a lock that a session of Tideline waits for, the one that may write before others: whose transaction has been
-- open longest, and which itself waits for nobody if there is one. Who waits for the run itself is no matter. What they
-- execute is left out, since it may hold anything.
-- Columns: open (seconds its transaction has been), and as far as this user may see them: pid, application, role,
-- database, state, kind. No row: none waits.
with lease as (
  select backend_pid as pid from run_lease where lease_until > clock_timestamp()
), ours as (
  select pid from pg_stat_activity where application_name = 'tideline' and datname = current_database()
  union
  select pid from lease
), blocking as (
  select blocking.pid, bool_or(ours.pid in (select pid from lease)) as the_run
  from ours cross join unnest(pg_blocking_pids(ours.pid)) as blocking (pid)
  where blocking.pid not in (select pid from lease)
  group by blocking.pid
)
select floor(extract(epoch from clock_timestamp() - a.xact_start))::bigint as open,
  nullif(b.pid, 0) as pid, a.application_name as application, a.usename as role, a.datname as database, a.state,
  -- A prepared transaction has no session.
  case when b.pid = 0 then 'prepared transaction' else a.backend_type end as kind
from blocking b left join pg_stat_activity a using (pid)
order by b.the_run desc, a.wait_event_type is not distinct from 'Lock', a.xact_start
limit 1
