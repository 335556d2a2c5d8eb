-- Writes the figures of the range. $1 run_id bigint.
insert into segment_stats (segment_id, as_of, run_id, members, leads, entered, "left", score_sum)
select segment_id, as_of, $1::bigint, members, leads, entered, "left", score_sum from backfilled_stats;
