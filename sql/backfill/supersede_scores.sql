-- Scores whose rules were changed meanwhile are left out. $1 run_id bigint, $2 scoring_version int, $3 boolean: by the
-- rules of then, which nobody changes. Returns a row if so.
with gone as (
  delete from backfill_day
  where run_id = $1::bigint and not $3::boolean and (select max(version) from scoring_versions) is distinct from $2::int
  returning day
),
scores as (delete from backfill_score where run_id = $1::bigint and exists (select from gone))
select count(*)::int as days from gone having count(*) > 0;
