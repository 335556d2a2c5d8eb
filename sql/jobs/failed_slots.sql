-- What was tried since the run that was applied last, and failed: how often, and from when on it may be tried again
-- (10, 20, 40 … seconds after the last failure). Runs that lost their lease count for nothing.
-- $1 run_id of the last applied run bigint (null: none). Columns: as_of, attempts, may_retry.
select
  to_char(as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as as_of,
  count(*)::integer as attempts,
  max(finished_at) + interval '5 seconds' * (2 ^ count(*)) <= clock_timestamp() as may_retry
from runs
where run_id > coalesce($1::bigint, 0) and status = 'failed' and mode <> 'backfill'
  and error ->> 'code' is distinct from 'FENCED_OFF'
group by as_of;
