-- Gives back the lock of an import that ended. $1 bigint: import_id.
select pg_advisory_unlock(1414087749, hashtext(current_schema() || ':import:' || $1::bigint))
