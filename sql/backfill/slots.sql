-- The instants of a backfill: those of recorded runs in the range, and the grain's where there were none. One is done
-- if a run evaluated the segment's version there, or a backfill did.
-- $1 from, $2 to timestamptz (closed), $3 grain 'day' or 'hour', $4 segment_ids bigint[], $5 versions int[],
-- $6 reads_score boolean[], $7 scoring_version int, $8 boolean: everything is to be done anew.
insert into slot (segment_id, as_of, recorded, done)
with recorded as (
  select run_id, as_of, scoring_version from runs
  where status = 'done' and mode <> 'backfill' and as_of between $1::timestamptz and $2::timestamptz
),
grains as (
  select g as as_of
  from generate_series(
    date_trunc($3::text, $1::timestamptz), $2::timestamptz, ('1 ' || $3::text)::interval
  ) as g
  where g >= $1::timestamptz
),
instants as (
  select as_of, true as recorded from recorded
  union all
  select g.as_of, false from grains g
  where not exists (
    select from recorded r
    where r.as_of >= g.as_of and r.as_of < g.as_of + ('1 ' || $3::text)::interval
  )
),
asked as (
  select * from unnest($4::bigint[], $5::int[], $6::boolean[]) a(segment_id, version, reads_score)
),
applied as (
  select a.*, (
      select min(f.as_of) from run_segments o join runs f using (run_id)
      where o.segment_id = a.segment_id and o.version = a.version and o.outcome = 'done'
        and f.status = 'done' and f.mode <> 'backfill'
    ) as since
  from asked a
),
evaluated_at as (
  select a.segment_id, r.as_of
  from applied a
  join recorded r on r.as_of >= a.since
    and (not a.reads_score or r.scoring_version is not distinct from $7::int)
  where not exists (
    select from run_segments o
    where o.run_id = r.run_id and o.segment_id = a.segment_id and o.outcome <> 'done'
  )
  union
  select a.segment_id, f.as_of
  from asked a
  join segment_stats f using (segment_id)
  join runs r using (run_id)
  where r.mode = 'backfill' and f.as_of between $1::timestamptz and $2::timestamptz
    and (r.options -> 'versions' ->> a.segment_id::text)::int = a.version
    and (not a.reads_score or r.scoring_version is not distinct from $7::int)
)
select a.segment_id, i.as_of, i.recorded, not $8::boolean and e.segment_id is not null
from asked a
cross join instants i
left join evaluated_at e on e.segment_id = a.segment_id and e.as_of = i.as_of;
