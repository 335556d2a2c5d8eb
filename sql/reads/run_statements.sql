-- What a run executed, in its steps and between them, each text once. $1 run_id bigint. Columns: hash, sql.
select t.hash, t.sql
from run_statements t
where t.hash in (
  select h from runs r
  cross join lateral jsonb_array_elements(r.steps) step
  cross join lateral jsonb_array_elements_text(coalesce(step -> 'statements', '[]') || coalesce(step -> 'after', '[]')) h
  where r.run_id = $1::bigint
)
