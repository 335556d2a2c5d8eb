-- How the evaluated segments now stand; only what differs is written. $1 run_id bigint, $2 scoring_version int.
insert into segment_state as s (segment_id, state, version, scoring_version, run_id, good_as_of, error)
select segment_id, 'ok', version, $2::int, $1::bigint, null, null from planned
on conflict (segment_id) do update
  set state = 'ok', version = excluded.version, scoring_version = excluded.scoring_version, run_id = excluded.run_id,
    good_as_of = null, error = null
  where (s.state, s.version, s.scoring_version, s.good_as_of)
    is distinct from ('ok', excluded.version, excluded.scoring_version, null);
