-- The instants of a backfill: those of recorded runs in the range, and the grain's where there were none. One is done
-- if the last backfill that was there evaluated by the segment's version, or without any a run did.
-- $1 from, $2 to timestamptz (closed), $3 grain 'day' or 'hour'; by which versions, a row for as long as one is current:
-- $4 segment_ids bigint[], $5 versions int[], $6 reads_score boolean[], $7 scoring_versions int[], $8 since, $9 until
-- timestamptz[]; $10 boolean: those of then; $11 boolean: everything is to be done anew.
insert into slot (segment_id, as_of, recorded, done, version, since, until)
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
  from unnest($4::bigint[], $5::int[], $6::boolean[], $7::int[], $8::timestamptz[], $9::timestamptz[])
    a(segment_id, version, reads_score, scoring_version, since, until)
  window segment as (partition by segment_id)
),
first_run as (
  select o.segment_id, o.version, min(f.as_of) as as_of
  from run_segments o join runs f using (run_id)
  where o.outcome = 'done' and f.status = 'done' and f.mode <> 'backfill'
  group by o.segment_id, o.version
),
evaluated_at as (
  select a.segment_id, r.as_of
  from asked a
  join first_run f using (segment_id, version)
  join recorded r on r.as_of >= f.as_of and r.as_of >= a.since and r.as_of < a.until
    and (not a.reads_score or r.scoring_version is not distinct from a.scoring_version)
  where not exists (
    select from run_segments o
    where o.run_id = r.run_id and o.segment_id = a.segment_id and o.outcome <> 'done'
  ) and not exists (
    select from segment_stats f join runs b using (run_id)
    where f.segment_id = a.segment_id and f.as_of = r.as_of and b.mode = 'backfill'
  )
  union all
  select a.segment_id, f.as_of
  from asked a
  join segment_stats f on f.segment_id = a.segment_id and f.as_of >= a.since and f.as_of < a.until
  join runs r using (run_id)
  where r.mode = 'backfill' and f.as_of between $1::timestamptz and $2::timestamptz
    and case when coalesce((r.options ->> 'ofThen')::boolean, false) then $10::boolean
      else (r.options -> 'versions' ->> a.segment_id::text)::int = a.version
        and (not a.reads_score or r.scoring_version is not distinct from a.scoring_version) end
)
select a.segment_id, i.as_of, i.recorded, not $11::boolean and e.segment_id is not null,
  a.version, a.first_since, a.last_until
from asked a
join instants i on i.as_of >= a.since and i.as_of < a.until
left join evaluated_at e on e.segment_id = a.segment_id and e.as_of = i.as_of;
