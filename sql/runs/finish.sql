-- The last statement of the transaction that applies a run. $1 run_id bigint, $2 fence bigint, $3 steps jsonb,
-- $4 boolean: its figures are to be rolled up.
update runs
set status = 'done', finished_at = clock_timestamp(), steps = $3::jsonb, rollup_due = $4::boolean,
  leads = (select count(*) from evaluated),
  entered = (select count(*) from staged_change where change = 'entered'),
  "left" = (select count(*) from staged_change where change = 'left')
where run_id = $1::bigint and fence = $2::bigint and status = 'running'
returning leads, entered, "left";
