-- Writes the figures; who came and went is counted afterwards. $1 run_id bigint.
insert into segment_stats (segment_id, as_of, run_id, members, leads, entered, "left", score_sum)
select segment_id, as_of, by_run_id, members, leads, 0, 0, score_sum from backfill_stats where run_id = $1::bigint;
