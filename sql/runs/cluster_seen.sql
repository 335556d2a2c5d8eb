-- Whether the transaction ids that are stored are this cluster's.
-- Columns: known (a cluster is stored), same (it is this one), ahead (something was stored by a transaction that this
-- cluster has yet to begin), stamped (they were given anew, and no run was applied since), oldest (all ids below it have
-- ended).
select c.system_identifier is not null as known,
  coalesce(c.system_identifier = here.system_identifier, false) as same,
  exists (select from (select horizon from runs order by run_id desc limit 100) last where horizon > next.xid)
    or exists (select from events where ingest_xid >= next.xid)
    or exists (select from attribute_change where ingest_xid >= next.xid)
    or exists (select from leads where changed_xid >= next.xid)
    or exists (select from tombstone where ingest_xid >= next.xid)
    or exists (select from segment_list where ingest_xid >= next.xid)
    or exists (select from segment_list where until_xid >= next.xid) as ahead,
  c.restored_after is not null and not exists (
    select from runs where status = 'done' and mode <> 'backfill' and run_id > c.restored_after
  ) as stamped,
  next.oldest::text as oldest
from pg_control_system() here
cross join (
  select pg_snapshot_xmax(s) as xid, pg_snapshot_xmin(s) as oldest from pg_current_snapshot() s
) next
left join cluster c on true;
