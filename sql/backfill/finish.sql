-- The last statement of the transaction. $1 run_id bigint, $2 fence bigint, $3 steps jsonb.
update runs
set status = 'done', finished_at = clock_timestamp(), steps = $3::jsonb,
  entered = (select count(*) from backfilled_change where change = 'entered'),
  "left" = (select count(*) from backfilled_change where change = 'left')
where run_id = $1::bigint and fence = $2::bigint and status = 'running'
returning entered, "left";
