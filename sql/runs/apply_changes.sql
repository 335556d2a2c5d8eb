-- Writes the history. $1 as_of timestamptz, $2 run_id bigint.
insert into membership_change (segment_id, lead_id, as_of, change, cause, version, run_id)
select segment_id, lead_id, $1::timestamptz, change, cause, version, $2::bigint
from staged_change;
