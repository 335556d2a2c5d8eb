-- Segments that could not be evaluated, or were parked, keep their last good members.
-- $1 run_id bigint, $2 as_of of the last applied run timestamptz, $3 segment_ids bigint[], $4 states text[],
-- $5 errors jsonb[] as text[], $6 boolean[]: runs leave it alone for a while, twice as long each time, up to a day.
insert into segment_state as s (segment_id, state, run_id, good_as_of, error, failures, retry_at)
select segment_id, state, $1::bigint, $2::timestamptz, error::jsonb, backoff::int,
  case when backoff then clock_timestamp() + interval '5 minutes' end
from unnest($3::bigint[], $4::text[], $5::text[], $6::boolean[]) f(segment_id, state, error, backoff)
on conflict (segment_id) do update
  set state = excluded.state, run_id = excluded.run_id, error = excluded.error,
    good_as_of = coalesce(s.good_as_of, excluded.good_as_of),
    -- Somebody may let it through while a run parks it once more.
    approved_by = case when s.error ->> 'standing' = excluded.error ->> 'standing' then s.approved_by end,
    failures = s.failures + excluded.failures,
    retry_at = case
      when excluded.failures = 0 then s.retry_at
      else clock_timestamp() + least(interval '5 minutes' * 2 ^ least(s.failures, 12), interval '1 day')
    end
  where (s.state, s.error) is distinct from (excluded.state, excluded.error) or excluded.failures > 0;
