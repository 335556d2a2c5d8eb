-- The UTC days whose ends lie in a range, and the one after; whether their scores are recorded, by the last backfill that
-- did them, or without any by the run that first passed that end. $1 from, $2 to timestamptz (closed); by which rules, a row for as long as they are
-- current: $3 scoring_versions int[], $4 since timestamptz[]; $5 boolean: those of then. Columns: day, done.
with days as (
  select d::date as day, (
      select r.version from unnest($3::int[], $4::timestamptz[]) r(version, since)
      where r.since < (d::date + 1)::timestamp at time zone 'UTC'
      order by r.since desc limit 1
    ) as scoring_version
  from generate_series(
    ($1::timestamptz at time zone 'UTC')::date,
    (($2::timestamptz + interval '1 microsecond') at time zone 'UTC')::date,
    interval '1 day'
  ) as d
),
passed as (
  select as_of, scoring_version, mode, steps,
    max(as_of) over (order by run_id rows between unbounded preceding and 1 preceding) as before_as_of
  from runs where status = 'done'
)
select to_char(day, 'YYYY-MM-DD') as day,
  case when b.run_id is null then exists (
    select from passed p
    where p.mode <> 'backfill' and p.scoring_version is not distinct from d.scoring_version
      and p.steps @> '[{"name": "stage score days"}]'
      and day >= (p.before_as_of at time zone 'UTC')::date
      and (day + 1)::timestamp at time zone 'UTC' <= p.as_of
  )
  when b.of_then then $5::boolean
  else b.scoring_version is not distinct from d.scoring_version end as done
from days d
left join lateral (
  select run_id, scoring_version, coalesce((options ->> 'ofThen')::boolean, false) as of_then from runs
  where status = 'done' and mode = 'backfill' and options -> 'days' ? to_char(d.day, 'YYYY-MM-DD')
  order by finished_at desc limit 1
) b on true
order by d.day;
