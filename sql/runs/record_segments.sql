-- The outcome per segment, where there is something to tell: a failure, or the first evaluation of what it means now.
-- $1 run_id bigint, $2 segment_ids bigint[], $3 versions int[], $4 outcomes text[], $5 errors text[] (json or null),
-- $6 meanings text[] (null: not done).
insert into run_segments (run_id, segment_id, version, outcome, error, meaning)
select $1::bigint, segment_id, version, outcome, error::jsonb, meaning
from unnest($2::bigint[], $3::int[], $4::text[], $5::text[], $6::text[])
  o(segment_id, version, outcome, error, meaning);
