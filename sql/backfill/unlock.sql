-- Lets the next backfill begin.
select pg_advisory_unlock(1414087749, hashtext('backfill ' || current_schema()));
