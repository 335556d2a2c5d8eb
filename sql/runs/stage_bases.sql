-- As of when each segment was looked at before, and what was known then. Makes base(segment_id, as_of, horizon).
-- $1 horizon of this run; $2 as_of of the last applied one (null: none, or causes don't matter); in its place, for a
-- backfill, $3 segment_ids bigint[] and $4 timestamptz[]. Reads planned.
create temporary table base as
with
-- The run in which each segment was evaluated last: the last applied one, but for a segment that rested or was broken
-- meanwhile. A backfill counts for the segments whose present it wrote, as of the last instant it looked at.
bound as (
  select p.segment_id, coalesce(st.good_as_of, $2::timestamptz) as as_of
  from planned p left join segment_state st using (segment_id)
  where not p.first and $2::timestamptz is not null
),
run_before as materialized (
  select b.as_of as bound, r.as_of, r.horizon
  from (select distinct as_of from bound) b
  cross join lateral (
    select as_of, horizon from runs
    where status = 'done' and mode <> 'backfill' and as_of <= b.as_of order by as_of desc limit 1
  ) r
),
backfilled as materialized (
  select run_id, as_of, horizon, options -> 'versions' as versions,
    coalesce((options ->> 'last_instant')::timestamptz, as_of) as evaluated_as_of
  from runs
  where status = 'done' and mode = 'backfill' and as_of > coalesce((select min(as_of) from run_before), '-infinity')
)
(
  select distinct on (b.segment_id) b.segment_id, r.evaluated_as_of as as_of, r.horizon
  from bound b
  join (
    select null::jsonb as versions, bound, as_of, as_of as evaluated_as_of, horizon, 0::bigint as run_id from run_before
    union all
    select versions, null, as_of, evaluated_as_of, horizon, run_id from backfilled
  ) r on r.bound = b.as_of or (r.as_of <= b.as_of and r.versions ? b.segment_id::text)
  order by b.segment_id, r.as_of desc, r.run_id = 0 desc, r.run_id desc
)
union all
select segment_id, as_of, $1::text::xid8 from unnest($3::bigint[], $4::timestamptz[]) k(segment_id, as_of);
