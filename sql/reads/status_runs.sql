-- What the ledger says of runs. One row. Columns: now; of the last applied run: run_id, as_of, age (seconds), mode,
-- engine, chosen, candidates, leads; fallback (why the last full run could not use the lake), fallback_code, fallback_run,
-- lake (what it wrote of it); drift (of the last full run that looked for it), drift_run, drift_as_of, drifted
-- (differences repaired in 30 days); of the one that goes on, if any: running, running_as_of, running_for (seconds), usual
-- (how many seconds nine of ten of its mode took at most), and of whoever may write now: owner; of the last that failed
-- since the last applied one, and was not stopped by somebody: failed, failed_as_of, failures, failed_code, failed_error; of the last night whose figures
-- could not be rolled up: unrolled, unrolled_as_of, unrolled_since, unrolled_code, unrolled_error.
select to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as now,
  last.run_id, to_char(last.as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as as_of,
  floor(extract(epoch from clock_timestamp() - last.as_of))::bigint as age,
  last.mode, last.engine, last.chosen, last.candidates, last.leads,
  whole.chosen -> 'lake' ->> 'message' as fallback, whole.chosen -> 'lake' ->> 'code' as fallback_code,
  whole.run_id as fallback_run, jsonb_path_query_first(whole.steps, '$[*].lake') as lake,
  checked.drift, checked.run_id as drift_run,
  to_char(checked.as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as drift_as_of,
  (select coalesce(sum(r.drift), 0)::bigint from runs r
   where r.status = 'done' and r.finished_at > clock_timestamp() - interval '30 days') as drifted,
  going.run_id as running, to_char(going.as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as running_as_of,
  floor(extract(epoch from clock_timestamp() - going.started_at))::bigint as running_for,
  (select ceil(percentile_disc(0.9) within group (order by took))::bigint from (
     select extract(epoch from finished_at - started_at) as took from runs
     where status = 'done' and mode = going.mode order by run_id desc limit 20) recent) as usual,
  going.owner,
  failed.run_id as failed, to_char(failed.as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as failed_as_of,
  failed.failures, failed.error ->> 'code' as failed_code, failed.error ->> 'message' as failed_error,
  unrolled.run_id as unrolled, to_char(unrolled.as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as unrolled_as_of,
  unrolled.rollup_error ->> 'since' as unrolled_since, unrolled.rollup_error ->> 'code' as unrolled_code,
  unrolled.rollup_error ->> 'message' as unrolled_error
from (select 1) as always
left join lateral (
  select * from runs where status = 'done' order by as_of desc, mode = 'backfill', run_id desc limit 1
) last on true
left join lateral (
  select * from runs where status = 'done' and mode = 'full' order by as_of desc, run_id desc limit 1
) whole on true
left join lateral (
  select * from runs where status = 'done' and drift is not null order by as_of desc, run_id desc limit 1
) checked on true
left join lateral (
  select r.run_id, r.as_of, r.started_at, r.mode, l.owner
  from run_lease l left join runs r on r.run_id = l.run_id and r.status = 'running'
  where l.lease_until > clock_timestamp()
    and exists (select from pg_stat_activity a where a.pid = l.backend_pid)
) going on true
left join lateral (
  select * from runs w
  where w.status = 'done' and w.rollup_due and w.rollup_error is not null
  order by w.as_of desc limit 1
) unrolled on true
left join lateral (
  select r.*, count(*) over () as failures from runs r
  where r.status = 'failed' and r.mode <> 'backfill' and r.run_id > coalesce(last.run_id, 0)
    and r.error ->> 'code' is distinct from 'STOPPED'
  order by r.run_id desc limit 1
) failed on true
