-- The leads of evaluated_day that had never had as many points at the end of a day.
-- $1 day date, $2 score name text, $3 its position in evaluated_day.scores int (from 1).
insert into staged_score_max as m (lead_id, score, value, day)
select e.lead_id, $2::text, e.scores[$3::int] * 0.000001, $1::date
from evaluated_day e
left join lead_scores s on s.lead_id = e.lead_id and s.score = $2::text
where s.max_value is null or e.scores[$3::int] * 0.000001 > s.max_value
on conflict (lead_id, score) do update set value = excluded.value, day = excluded.day
where excluded.value > m.value;
