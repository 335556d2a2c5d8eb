-- The lock of lock_writing.sql, if nobody has it. Column: locked boolean.
select pg_try_advisory_xact_lock(1414087749, hashtext(current_schema() || ':write')) as locked
