-- The scores of one chunk whose value or level differs from the one written. Runs on DuckDB. Reads evaluated, level,
-- scored, chunk_lead. Columns: lead_id, position, micropoints.
with evaluated_score as (
  select lead_id, unnest(scores) as micropoints, generate_subscripts(scores, 1) as position from evaluated
),
now as (
  select lead_id, position, micropoints, level.level
  from evaluated_score join level using (position)
  where coalesce(micropoints >= begins, true) and coalesce(micropoints < ends, true)
),
before as (
  select lead_id, position, cast(micropoints as hugeint) as micropoints, level, true as written
  from scored semi join chunk_lead using (lead_id)
)
select lead_id, position, now.micropoints
from now left join before using (lead_id, position)
where written is null or now.micropoints <> before.micropoints or now.level is distinct from before.level
