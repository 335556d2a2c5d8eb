-- The leads of one chunk that came or went, or are due at another instant. Runs on DuckDB. Reads evaluated, later,
-- stated, chunk_lead. Columns: lead_id, present, due_at.
with now as (
  select lead_id, evaluated.lead_id is not null as present, least(evaluated.due_at, dated.due_at) as due_at
  from evaluated full join (from later semi join chunk_lead using (lead_id)) dated using (lead_id)
),
before as (
  select lead_id, present, due_at from stated semi join chunk_lead using (lead_id)
),
stood as (
  select lead_id, coalesce(now.present, false) as present, now.due_at,
    coalesce(before.present, false) as was_present, before.due_at as was_due_at
  from now full join before using (lead_id)
)
select lead_id, present, cast(due_at as varchar) || 'Z' as due_at
from stood
where (present, due_at) is distinct from (was_present, was_due_at)
