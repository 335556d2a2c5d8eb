-- What the last full run that looked for drift had to repair. $1 run_id bigint. Columns: segment (null: scores), leads, sample
-- (some of the leads' external ids, jsonb array).
select s.key as segment, d.leads,
  to_jsonb(array(select l.external_id from leads l where l.lead_id = any(d.sample) order by 1 limit 5)) as sample
from run_drift d left join segments s using (segment_id)
where d.run_id = $1::bigint
order by d.leads desc, s.key
