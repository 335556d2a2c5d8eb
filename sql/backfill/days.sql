-- The UTC days whose ends lie in a range, and the one after; whether their scores are recorded, by the run that first
-- passed that end or by a backfill. $1 from, $2 to timestamptz (closed), $3 scoring_version int. Columns: day, done.
with days as (
  select d::date as day
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
  exists (
    select from passed p
    where p.mode <> 'backfill' and p.scoring_version is not distinct from $3::int
      and p.steps @> '[{"name": "stage score days"}]'
      and day >= (p.before_as_of at time zone 'UTC')::date
      and (day + 1)::timestamp at time zone 'UTC' <= p.as_of
  ) or exists (
    select from runs r
    where r.status = 'done' and r.mode = 'backfill' and r.scoring_version is not distinct from $3::int
      and r.options -> 'days' ? to_char(day, 'YYYY-MM-DD')
  ) as done
from days
order by days.day;
