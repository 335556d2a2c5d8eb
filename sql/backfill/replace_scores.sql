-- Removes what is recorded of the days, to be written anew. $1 run_id bigint, $2 names text[].
delete from score_history h using backfill_day d
where d.run_id = $1::bigint and not d.seam and h.day = d.day and h.score = any($2::text[]);
