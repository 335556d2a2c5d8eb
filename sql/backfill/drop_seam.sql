-- At a seam a row may stand for no other reason than that the day before was not recorded. Once it is, and the row says
-- what is found there now, it goes. $1 run_id bigint, $2 day date, $3 score name text, $4 its position int (from 1).
insert into backfill_score (run_id, lead_id, score, day, value, level, gone)
select $1::bigint, r.lead_id, r.score, r.day, r.value, r.level, true
from recorded_score r
join evaluated_day e using (lead_id)
where r.score = $3::text and r.day = $2::date and r.value = e.scores[$4::int] * 0.000001
  and not exists (select from staged_score_day s where s.lead_id = r.lead_id and s.score = r.score);
