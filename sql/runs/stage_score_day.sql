-- The leads of evaluated_day whose score is to be recorded for the day: it is the first, the level differs from the
-- last one recorded, it has risen, or it differs and something happened to the lead on that day (not fading alone).
-- $1 day date, $2 score name text, $3 its position in evaluated_day.scores int (from 1), $4 level names text[],
-- $5 their lower bounds in micro-points numeric[], rising, $6 whether it is an account's score boolean.
-- Reads touched_day: joined, since a list of as many would be searched from its beginning for each lead.
with scored as (
  select e.lead_id, e.scores[$3::int] * 0.000001 as value,
    coalesce(
      (select l.name from unnest($4::text[], $5::numeric[]) l(name, bound)
       where l.bound <= e.scores[$3::int] order by l.bound desc limit 1),
      ($4::text[])[1]) as level
  from evaluated_day e
)
insert into staged_score_day (lead_id, score, day, value, level)
select s.lead_id, $2::text, $1::date, s.value, s.level
from scored s
left join touched_day t on t.lead_id = s.lead_id and (t.own or $6::boolean)
left join lateral (
  select value, level from (
    select day, value, level from staged_score_day where lead_id = s.lead_id and score = $2::text
    union all
    (select day, value, level from score_history
     where lead_id = s.lead_id and score = $2::text and day < $1::date order by day desc limit 1)
  ) as recorded
  order by day desc limit 1
) as last on true
where last.value is null
  or last.level is distinct from s.level
  or s.value > last.value
  or (s.value < last.value and t.lead_id is not null);
