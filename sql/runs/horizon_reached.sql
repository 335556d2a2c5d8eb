-- How far transactions have come. Columns: begun (the next transaction's number), ended (all below it have ended).
select pg_snapshot_xmax(pg_current_snapshot())::text as begun, pg_snapshot_xmin(pg_current_snapshot())::text as ended
