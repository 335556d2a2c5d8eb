-- Puts those who entered into membership. $1 as_of timestamptz, $2 run_id bigint.
insert into membership (segment_id, lead_id, since, run_id)
select segment_id, lead_id, $1::timestamptz, $2::bigint
from staged_change where change = 'entered';
