-- The instants of a backfill: those of recorded runs in the range, and the grain's where there were none. One is done if
-- whoever looked at the segment there last, a run or a backfill, understood it as it is meant.
-- $1 from, $2 to timestamptz (closed), $3 grain 'day' or 'hour'; by which versions, a row for as long as one is current:
-- $4 segment_ids bigint[], $5 versions int[], $6 meanings text[], $7 scoring_versions int[] (they decide where no meaning
-- was kept), $8 since, $9 until timestamptz[]; $10 boolean: those of then; $11 boolean: everything is to be done anew.
insert into slot (segment_id, as_of, recorded, done, version, meaning, since, until)
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
  select *, min(since) over segment as first_since, max(until) over segment as last_until
  from unnest($4::bigint[], $5::int[], $6::text[], $7::int[], $8::timestamptz[], $9::timestamptz[])
    a(segment_id, version, meaning, scoring_version, since, until)
  window segment as (partition by segment_id)
),
-- How runs understood each segment: from one instant until the next.
understood as (
  select o.segment_id, o.version, o.meaning, f.as_of as from_at,
    lead(f.as_of, 1, 'infinity') over (partition by o.segment_id order by f.as_of) as until_at
  from run_segments o join runs f using (run_id)
  where o.outcome = 'done' and f.status = 'done' and f.mode <> 'backfill' and o.segment_id = any($4::bigint[])
),
backfilled as (
  select f.segment_id, f.as_of, (r.options -> 'versions' ->> f.segment_id::text)::int as version,
    r.options -> 'meanings' ->> f.segment_id::text as meaning, r.scoring_version,
    coalesce((r.options ->> 'ofThen')::boolean, false) as of_then
  from segment_stats f join runs r using (run_id)
  where r.mode = 'backfill' and f.as_of between $1::timestamptz and $2::timestamptz
    and f.segment_id = any($4::bigint[])
),
looked_at as (
  select u.segment_id, r.as_of, u.version, u.meaning, r.scoring_version, false as of_then
  from understood u
  join recorded r on r.as_of >= u.from_at and r.as_of < u.until_at
  where not exists (
    select from run_segments o
    where o.run_id = r.run_id and o.segment_id = u.segment_id and o.outcome <> 'done'
  ) and not exists (
    select from backfilled b where b.segment_id = u.segment_id and b.as_of = r.as_of
  )
  union all
  select segment_id, as_of, version, meaning, scoring_version, of_then from backfilled
)
select a.segment_id, i.as_of, i.recorded, not $11::boolean and l.segment_id is not null,
  a.version, a.meaning, a.first_since, a.last_until
from asked a
join instants i on i.as_of >= a.since and i.as_of < a.until
left join looked_at l on l.segment_id = a.segment_id and l.as_of = i.as_of
  and case when l.of_then then $10::boolean
    else l.version = a.version
      and coalesce(l.meaning = a.meaning, l.scoring_version is not distinct from a.scoring_version) end;
