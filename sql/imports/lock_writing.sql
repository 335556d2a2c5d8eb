-- Only one import writes at a time, so that two of the same file can't wait for each other's rows.
select pg_advisory_xact_lock(1414087749, hashtext(current_schema() || ':write'))
