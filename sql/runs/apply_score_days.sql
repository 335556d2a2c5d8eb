-- Writes how scores stood at the ends of days. $1 run_id bigint.
insert into score_history (lead_id, score, day, value, level, run_id)
select lead_id, score, day, value, level, $1::bigint from staged_score_day
on conflict (lead_id, score, day) do update
  set value = excluded.value, level = excluded.level, run_id = excluded.run_id;
