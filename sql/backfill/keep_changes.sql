-- Keeps what changed at one instant: a hand's doing stays that. $1 run_id bigint, $2 as_of timestamptz.
insert into backfill_change (run_id, segment_id, lead_id, as_of, change, cause, version, by_run_id, seam)
select $1::bigint, segment_id, lead_id, $2::timestamptz, change,
  case cause when 'manual' then cause else 'backfill' end, version, $1::bigint, false
from staged_change;
