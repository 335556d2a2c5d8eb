-- Segments that could not be evaluated keep their last good members.
-- $1 run_id bigint, $2 as_of of the last applied run timestamptz, $3 segment_ids bigint[], $4 states text[],
-- $5 errors jsonb[] as text[].
insert into segment_state as s (segment_id, state, run_id, good_as_of, error)
select segment_id, state, $1::bigint, $2::timestamptz, error::jsonb
from unnest($3::bigint[], $4::text[], $5::text[]) f(segment_id, state, error)
on conflict (segment_id) do update
  set state = excluded.state, run_id = excluded.run_id, error = excluded.error,
    good_as_of = coalesce(s.good_as_of, excluded.good_as_of)
  where (s.state, s.error) is distinct from (excluded.state, excluded.error);
