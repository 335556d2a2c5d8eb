-- The newest runs. $1 limit int, $2 run_id bigint (null: any). One that goes on is told by the session that holds its
-- lease, or computes its backfill: where that is gone it was interrupted, and the next run says so in the ledger.
-- Columns: run_id, as_of, mode, engine, chosen, candidates, drift, origin, status, leads, entered, left, milliseconds
-- (null: nobody knows for how long it went on), started_at, rollup_due, options, steps, error_code, error.
select r.run_id, to_char(r.as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as as_of, r.mode, r.engine, r.chosen, r.candidates,
  r.drift, r.origin, case when gone.gone then 'interrupted' else r.status end as status,
  r.leads, r.entered, r."left",
  round(extract(epoch from coalesce(
    r.finished_at, case when gone.gone then b.seen_at when r.status = 'running' then clock_timestamp() end
  ) - r.started_at) * 1000) as milliseconds,
  to_char(date_trunc('second', r.started_at), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as started_at,
  r.rollup_due, r.options, r.steps,
  coalesce(r.error ->> 'code', case when gone.gone then 'INTERRUPTED' end) as error_code,
  coalesce(r.error ->> 'message', case
    when gone.gone and r.mode = 'backfill' then 'The process or its connection ended; the same backfill goes on from there.'
    when gone.gone then 'The process or its connection ended before the run was applied.'
  end) as error
from runs r
left join backfills b using (run_id)
left join run_lease l on l.fence = r.fence and r.mode <> 'backfill'
cross join lateral (
  select r.status = 'running' and not exists (
    select from pg_stat_activity a
    where a.pid = coalesce(b.backend_pid, l.backend_pid)
      and coalesce(a.backend_start = coalesce(b.backend_start, l.backend_start), true)
  ) as gone
) gone
where $2::bigint is null or r.run_id = $2::bigint
order by r.run_id desc
limit $1::int
