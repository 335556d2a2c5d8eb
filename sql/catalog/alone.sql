-- Whether every transaction that began to write before this one has ended. Until then the horizon of a run that starts
-- after this one could lie below it, and the rows that this one stamps anew would not be seen.
select pg_snapshot_xmin(pg_current_snapshot()) = pg_current_xact_id() as alone
