-- All that runs and backfills have recorded: the first and the last instant at which one of them looked; no row where
-- that is one and the same. $1 what the scores mean now text (null: not asked).
-- Columns: from, until (both included), rebuilt (boolean: whatever was recorded by other rules, backfills of all segments
-- have written anew by these).
with looked as (
  select run_id, options ->> 'scores' as scores, mode = 'backfill' and options ->> 'segments' is null as is_whole,
    case when mode = 'backfill' then (options ->> 'from')::timestamptz else as_of end as from_at, as_of as to_at
  from runs where status = 'done'
)
select to_char(min(from_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "from",
  to_char(max(to_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as until,
  bool_and(scores is not distinct from $1::text or coalesce((
    select range_agg(tstzrange(b.from_at, b.to_at + interval '1 microsecond')) from looked b
    where b.is_whole and b.scores = $1::text and b.run_id > looked.run_id
  ) @> tstzrange(from_at, to_at, '[]'), false)) as rebuilt
from looked
having min(from_at) < max(to_at);
