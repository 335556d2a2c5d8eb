-- Imports that were killed: they say that they run and nobody holds their lock. They took nothing.
-- Returns import_id, kind, source, started_at.
update imports i set status = 'failed', finished_at = clock_timestamp(), error = 'interrupted'
where status = 'running' and not exists (
  select from pg_locks l
  where l.locktype = 'advisory' and l.classid = 1414087749 and l.objsubid = 2
    and l.database = (select oid from pg_database where datname = current_database())
    and l.objid::bigint = hashtext(current_schema() || ':import:' || i.import_id)::bigint & 4294967295
)
returning import_id, kind, source, started_at
