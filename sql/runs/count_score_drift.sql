-- Keeps of how many leads the points differ, and no change explains it: rules that mean something else since the run
-- before would explain them all. $1 run_id bigint, $2 positions of scores that grow less at midnight int[] (from 1), if
-- one has passed. Returns leads.
with before as (
  select options ->> 'scores' as scores from runs
  where status = 'done' order by as_of desc, mode = 'backfill', run_id desc limit 1
)
insert into run_drift (run_id, segment_id, leads, sample)
select $1::bigint, null, count(distinct lead_id), (array_agg(distinct lead_id))[1:5]
from staged_score s
where position <> all ($2::int[]) and not exists (select from candidate c where c.lead_id = s.lead_id)
  and (select options ->> 'scores' from runs where run_id = $1::bigint) = (select scores from before)
having count(*) > 0
returning leads;
