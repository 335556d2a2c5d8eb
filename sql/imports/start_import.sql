-- Records an import that begins and takes its lock for this session, so that others can tell whether it lives.
-- $1 text: kind. $2 text: source. $3 jsonb: options. Returns import_id.
with made as (
  insert into imports (kind, source, status, options) values ($1, $2, 'running', $3) returning import_id
)
select import_id, pg_advisory_lock(1414087749, hashtext(current_schema() || ':import:' || import_id)) from made
