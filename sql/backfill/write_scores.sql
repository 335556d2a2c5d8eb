-- Writes how scores stood at the ends of the days. $1 run_id bigint.
insert into score_history (lead_id, score, day, value, level, run_id)
select lead_id, score, day, value, level, run_id from backfill_score where run_id = $1::bigint and not gone;
