-- The last statement of the transaction that applies a run. A roll-up that the run before still owed is this one's now:
-- membership is as of this one. $1 run_id bigint, $2 fence bigint, $3 steps jsonb,
-- $4 boolean: its figures are to be rolled up; $5 leads that exist bigint, $6 candidates jsonb, $7 engine text,
-- $8 drift bigint (null: not looked for).
with owed as (
  select rollup_error from runs where rollup_due and run_id <> $1::bigint
),
passed_on as (
  update runs set rollup_due = false, rollup_error = null where rollup_due and run_id <> $1::bigint
)
update runs
set status = 'done', finished_at = clock_timestamp(), steps = $3::jsonb, rollup_due = $4::boolean,
  rollup_error = (select rollup_error from owed where $4::boolean order by rollup_error is null limit 1),
  leads = $5::bigint, candidates = $6::jsonb, engine = $7::text, drift = $8::bigint,
  entered = (select count(*) from staged_change where change = 'entered'),
  "left" = (select count(*) from staged_change where change = 'left')
where run_id = $1::bigint and fence = $2::bigint and status = 'running'
returning leads, entered, "left";
