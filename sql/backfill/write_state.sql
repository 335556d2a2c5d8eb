-- Where nothing was ever run, the next run goes on from here as from any other. $1 run_id bigint, $2 scoring_version int.
insert into segment_state (segment_id, state, version, scoring_version, meaning, run_id)
select distinct segment_id, 'ok', version, $2::int, meaning, $1::bigint from backfill_chunk where run_id = $1::bigint
on conflict (segment_id) do nothing;
