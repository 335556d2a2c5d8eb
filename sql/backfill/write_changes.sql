-- Writes what is not there yet of the history of the ranges and of their seams. $1 run_id bigint.
insert into membership_change (segment_id, lead_id, as_of, change, cause, version, run_id)
select segment_id, lead_id, as_of, change, cause, version, by_run_id from backfill_change where run_id = $1::bigint
on conflict (segment_id, lead_id, as_of) do nothing;
