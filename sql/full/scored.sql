-- The scores that this run evaluates, as they were written. Runs on DuckDB. Reads copied(lead_id, score, micropoints,
-- level), level. Columns: lead_id, position, micropoints, level.
select lead_id, position, micropoints, level
from copied join (select distinct score, position from level) using (score)
order by lead_id
