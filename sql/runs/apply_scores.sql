-- Writes the scores that were staged, and their levels.
-- $1 as_of timestamptz, $2 run_id bigint, $3 score name text, $4 its position in staged_score int (from 1),
-- $5 level names text[], $6 their lower bounds in micro-points numeric[], rising.
insert into lead_scores as s (lead_id, score, value, level, changed_as_of, run_id)
select n.lead_id, $3::text, n.micropoints / 1000000,
  coalesce(
    (select l.name from unnest($5::text[], $6::numeric[]) l(name, bound)
     where l.bound <= n.micropoints order by l.bound desc limit 1),
    ($5::text[])[1]),
  $1::timestamptz, $2::bigint
from staged_score n
where n.position = $4::int
on conflict (lead_id, score) do update
  set value = excluded.value, level = excluded.level, changed_as_of = excluded.changed_as_of, run_id = excluded.run_id;
