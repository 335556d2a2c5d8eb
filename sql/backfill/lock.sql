-- One backfill at a time: history that two rewrote at once would fit neither. Held by the session. Column: locked.
select pg_try_advisory_lock(1414087749, hashtext('backfill ' || current_schema())) as locked;
