-- Removes what stands at a seam without need. $1 run_id bigint.
delete from score_history h using backfill_score g
where g.run_id = $1::bigint and g.gone and h.lead_id = g.lead_id and h.score = g.score and h.day = g.day;
