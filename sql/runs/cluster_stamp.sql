-- Gives the rows of another cluster ids that lie below all of this one's, in the same order to each other and to the
-- horizons of runs: what a run saw it has seen, and what it did not see is new to the next one. 3 is the first id that
-- a transaction can have. $1 the last horizons, rising, xid8[].
with event as (
  update events set ingest_xid = (3 + width_bucket(ingest_xid, $1::xid8[]))::text::xid8
  where ingest_xid::xid <> xmin or ingest_xid >= pg_snapshot_xmax(pg_current_snapshot())
),
change as (
  update attribute_change set ingest_xid = (3 + width_bucket(ingest_xid, $1::xid8[]))::text::xid8
  where ingest_xid::xid <> xmin or ingest_xid >= pg_snapshot_xmax(pg_current_snapshot())
),
lead as (
  update leads set
    ingest_xid = (3 + width_bucket(ingest_xid, $1::xid8[]))::text::xid8,
    changed_xid = (3 + width_bucket(changed_xid, $1::xid8[]))::text::xid8
  where (ingest_xid::xid <> xmin and changed_xid::xid <> xmin)
    or greatest(ingest_xid, changed_xid) >= pg_snapshot_xmax(pg_current_snapshot())
),
removed as (
  update tombstone set ingest_xid = (3 + width_bucket(ingest_xid, $1::xid8[]))::text::xid8
  where ingest_xid::xid <> xmin or ingest_xid >= pg_snapshot_xmax(pg_current_snapshot())
),
account as (
  update accounts set ingest_xid = (3 + width_bucket(ingest_xid, $1::xid8[]))::text::xid8
  where ingest_xid::xid <> xmin or ingest_xid >= pg_snapshot_xmax(pg_current_snapshot())
),
listed as (
  update segment_list set
    ingest_xid = (3 + width_bucket(ingest_xid, $1::xid8[]))::text::xid8,
    until_xid = (3 + width_bucket(until_xid, $1::xid8[]))::text::xid8
  where (ingest_xid::xid <> xmin and until_xid::xid is distinct from xmin)
    or greatest(ingest_xid, until_xid) >= pg_snapshot_xmax(pg_current_snapshot())
),
lake as (
  delete from lakes
)
update runs set horizon = (3 + width_bucket(horizon, $1::xid8[]))::text::xid8;
