-- How far a run that starts now would see: up to the oldest transaction that is still open, and whose that is. What it
-- executes is left out, since it may hold anything.
-- Columns: horizon, last_horizon (of the last applied run), open (whether one is), held (seconds for which it has been),
-- and of its session, if this user may see it: pid, application, role, database, state, kind. One row.
with seen as (
  select pg_snapshot_xmin(s) as horizon, pg_snapshot_xmin(s) < pg_snapshot_xmax(s) as passed
  from pg_current_snapshot() s
), holders as (
  select a.pid, a.application_name as application, a.usename as role, a.datname as database, a.state,
    a.backend_type as kind, a.xact_start as since
  from pg_stat_activity a, seen
  where a.backend_xid = ((seen.horizon::text::numeric % 4294967296)::text)::xid
  union all
  select null, null, p.owner, p.database, 'prepared: ' || p.gid, 'prepared transaction', p.prepared
  from pg_prepared_xacts p, seen
  where p.transaction = ((seen.horizon::text::numeric % 4294967296)::text)::xid
)
select seen.horizon::text as horizon,
  (select r.horizon::text from runs r where r.status = 'done' and r.mode <> 'backfill' order by r.as_of desc limit 1) as last_horizon,
  -- The newest transaction of all is none that a snapshot lists.
  seen.passed or h.kind is not null as open,
  floor(extract(epoch from clock_timestamp() - h.since))::bigint as held,
  h.pid, h.application, h.role, h.database, h.state, h.kind
from seen left join holders h on true
order by h.since limit 1
