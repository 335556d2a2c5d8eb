-- Keeps what no change explains, per segment, with some of the leads. $1 run_id bigint. Returns leads.
insert into run_drift (run_id, segment_id, leads, sample)
select $1::bigint, segment_id, count(*), (array_agg(lead_id order by lead_id))[1:5]
from staged_change where cause = 'repair'
group by segment_id
returning leads;
