-- Writes the history of the range. $1 run_id bigint.
insert into membership_change (segment_id, lead_id, as_of, change, cause, version, run_id)
select segment_id, lead_id, as_of, change, 'backfill', version, $1::bigint from backfilled_change;
