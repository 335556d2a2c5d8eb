-- Backfills that were interrupted, whose processes are gone, as long as the same command goes on with them. Newest first.
-- Columns: run_id, asked jsonb, from, to (excluded), done and total (instants and ends of days), until (when what was
-- computed is thrown away).
select b.run_id, b.asked,
  to_char((b.asked ->> 'from')::timestamptz, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "from",
  to_char((b.asked ->> 'to')::timestamptz + interval '1 microsecond', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "to",
  p.done, p.total,
  to_char(b.seen_at + interval '1 day', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as until
from backfills b
cross join lateral (
  select count(*) filter (where done)::int as done, count(*)::int as total
  from (
    select done from backfill_instant i where i.run_id = b.run_id
    union all
    select done from backfill_day d where d.run_id = b.run_id
  ) as step
) p
where b.seen_at > clock_timestamp() - interval '1 day'
  and not exists (
    select from pg_stat_activity a
    where a.pid = b.backend_pid and coalesce(a.backend_start = b.backend_start, true)
  )
order by b.run_id desc
