-- Whether every transaction that began to write before this one has ended (this one begins to, here). While one goes on,
-- the horizon of a run that starts later could lie below this one, and the rows that it stamps would not be seen.
select pg_snapshot_xmin(pg_current_snapshot()) = pg_current_xact_id() as alone
