-- What was tried since the run that was applied last, and failed: how often, and whether anything may be tried again. The
-- pause after the last failure, whatever it was of, grows with their number (10, 20, 40 … seconds), so that a database
-- that is ill is left alone. Runs that lost their lease or were stopped count for nothing.
-- $1 run_id of the last applied run bigint (null: none), $2 the longest pause in seconds int.
-- Columns: as_of, attempts, may_retry.
with failed as (
  select as_of, finished_at from runs
  where run_id > coalesce($1::bigint, 0) and status = 'failed' and mode <> 'backfill'
    and coalesce(error ->> 'code', '') not in ('FENCED_OFF', 'STOPPED')
)
select
  to_char(as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as as_of,
  count(*)::integer as attempts,
  (select max(finished_at) + make_interval(secs => least(5 * 2 ^ least(count(*), 20), $2::int)) <= clock_timestamp()
   from failed) as may_retry
from failed
group by as_of;
