-- Keeps how scores stood at the end of one day; at a seam, what is not recorded there. $1 run_id bigint, $2 seam boolean.
insert into backfill_score (run_id, lead_id, score, day, value, level)
select $1::bigint, lead_id, score, day, value, level
from staged_score_day s
where not $2::boolean or not exists (
  select from recorded_score r where r.lead_id = s.lead_id and r.score = s.score and r.day = s.day
);
