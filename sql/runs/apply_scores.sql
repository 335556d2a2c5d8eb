-- Writes the scores that differ, and their levels.
-- $1 as_of timestamptz, $2 run_id bigint, $3 score name text, $4 its position in evaluated.scores int (from 1),
-- $5 level names text[], $6 their lower bounds in micro-points numeric[], rising.
with scored as (
  select e.lead_id, e.scores[$4::int] / 1000000 as value,
    coalesce(
      (select l.name from unnest($5::text[], $6::numeric[]) l(name, bound)
       where l.bound <= e.scores[$4::int] order by l.bound desc limit 1),
      ($5::text[])[1]) as level
  from evaluated e
)
insert into lead_scores as s (lead_id, score, value, level, changed_as_of, run_id)
select n.lead_id, $3::text, n.value, n.level, $1::timestamptz, $2::bigint
from scored n
left join lead_scores o on o.lead_id = n.lead_id and o.score = $3::text
where o.lead_id is null or (o.value, o.level) is distinct from (n.value, n.level)
on conflict (lead_id, score) do update
  set value = excluded.value, level = excluded.level, changed_as_of = excluded.changed_as_of, run_id = excluded.run_id;
