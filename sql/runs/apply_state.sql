-- How the evaluated segments now stand; only what differs is written. An archived one, which is empty by now, stands in
-- no way: should it come back, it is new. $1 run_id bigint, $2 scoring_version int.
with emptied as (
  delete from segment_state st using planned p where p.segment_id = st.segment_id and p.status = 'archived'
)
insert into segment_state as s (segment_id, state, version, scoring_version, meaning, run_id, good_as_of, error)
select segment_id, 'ok', version, $2::int, meaning, $1::bigint, null, null from planned
where status = 'active'
on conflict (segment_id) do update
  set state = 'ok', version = excluded.version, scoring_version = excluded.scoring_version,
    meaning = excluded.meaning, run_id = excluded.run_id, good_as_of = null, error = null, approved_by = null,
    failures = 0, retry_at = null
  where (s.state, s.version, s.scoring_version, s.meaning, s.good_as_of, s.approved_by, s.failures)
    is distinct from ('ok', excluded.version, excluded.scoring_version, excluded.meaning, null, null, 0);
