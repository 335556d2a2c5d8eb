-- Writes the scores that were staged, and their levels. A score that is new for a lead begins with the most points that
-- are recorded of it: it may have been defined before.
-- $1 as_of timestamptz, $2 run_id bigint, $3 score name text, $4 its position in staged_score int (from 1),
-- $5 level names text[], $6 their lower bounds in micro-points numeric[], rising.
-- Who has it already is read as a whole before: where the table was empty, each would be searched for among all that
-- this very statement has written.
with stood as materialized (select lead_id from lead_scores where score = $3::text)
insert into lead_scores as s (lead_id, score, value, level, changed_as_of, run_id, max_value, max_day)
select n.lead_id, $3::text, n.micropoints * 0.000001,
  coalesce(
    (select l.name from unnest($5::text[], $6::numeric[]) l(name, bound)
     where l.bound <= n.micropoints order by l.bound desc limit 1),
    ($5::text[])[1]),
  $1::timestamptz, $2::bigint, m.value, m.day
from staged_score n
left join stood o on o.lead_id = n.lead_id
left join lateral (
  select h.value, h.day from score_history h
  where o.lead_id is null and h.lead_id = n.lead_id and h.score = $3::text
  order by h.value desc, h.day limit 1
) m on true
where n.position = $4::int
on conflict (lead_id, score) do update
  set value = excluded.value, level = excluded.level, changed_as_of = excluded.changed_as_of, run_id = excluded.run_id;
