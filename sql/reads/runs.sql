-- The newest runs. $1 limit int, $2 run_id bigint (null: any).
-- Columns: run_id, as_of, mode, engine, chosen, candidates, drift, origin, status, leads, entered, left, milliseconds,
-- started_at, rollup_due, options, steps, error_code, error.
select run_id, to_char(as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as as_of, mode, engine, chosen, candidates, drift,
  origin, status,
  leads, entered, "left",
  round(extract(epoch from coalesce(finished_at, case status when 'running' then clock_timestamp() end) - started_at) * 1000)
    as milliseconds,
  to_char(date_trunc('second', started_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as started_at,
  rollup_due, options, steps, error ->> 'code' as error_code, error ->> 'message' as error
from runs
where $2::bigint is null or run_id = $2::bigint
order by run_id desc
limit $1::int
