-- The leads whose points or level differ from what lead_scores says.
-- $1 score name text, $2 its position in evaluated.scores int (from 1), $3 level names text[], $4 their lower bounds in
-- micro-points numeric[], rising. Reads evaluated.
with scored as (
  select e.lead_id, e.scores[$2::int] as micropoints,
    coalesce(
      (select l.name from unnest($3::text[], $4::numeric[]) l(name, bound)
       where l.bound <= e.scores[$2::int] order by l.bound desc limit 1),
      ($3::text[])[1]) as level
  from evaluated e
)
insert into staged_score (lead_id, position, micropoints)
select n.lead_id, $2::int, n.micropoints
from scored n
left join lead_scores o on o.lead_id = n.lead_id and o.score = $1::text
where o.lead_id is null or (o.value, o.level) is distinct from (n.micropoints * 0.000001, n.level);
