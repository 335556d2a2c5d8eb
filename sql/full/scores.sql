-- Out of Postgres: the scores as they were written. Columns: lead_id, score, micropoints, level.
select lead_id, score, trunc(value * 1000000) as micropoints, level from lead_scores
