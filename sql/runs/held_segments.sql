-- Segments that earlier runs could not, or did not want to, bring up to date, and nobody let through since.
-- $1 segment_ids bigint[]. Columns: segment_id, state, error jsonb, standing (what it meant then) text,
-- parked boolean (else its evaluation failed), due boolean (it may be tried again); those that failed least come first.
select segment_id, state, error, error ->> 'standing' as standing, state = 'needs_approval' as parked,
  state = 'broken' and coalesce(retry_at <= clock_timestamp(), true) as due
from segment_state
where segment_id = any($1::bigint[]) and error ? 'standing'
  and ((state = 'needs_approval' and approved_by is null) or state = 'broken')
order by failures, segment_id
