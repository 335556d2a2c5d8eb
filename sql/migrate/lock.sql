-- Lets one process at a time migrate a schema, until its transaction ends.
--   $1 text   the schema
-- The two-integer form with a class of our own, so that it meets nobody else's locks.
select pg_advisory_xact_lock(1414087749, hashtext('migrate ' || $1::text));
