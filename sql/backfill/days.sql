-- The UTC days whose ends lie in a range, and the one after: whether whoever recorded its scores last understood them as
-- they are meant, and whether all of it still stands. $1 from, $2 to timestamptz (closed); what the scores mean, a row for
-- as long as they do: $3 meanings text[], $4 since timestamptz[]; $5 boolean: those of then. Columns: day, done, whole.
with days as (
  select d::date as day, (
      select r.meaning from unnest($3::text[], $4::timestamptz[]) r(meaning, since)
      where r.since < (d::date + 1)::timestamp at time zone 'UTC'
      order by r.since desc limit 1
    ) as meaning
  from generate_series(
    ($1::timestamptz at time zone 'UTC')::date,
    (($2::timestamptz + interval '1 microsecond') at time zone 'UTC')::date,
    interval '1 day'
  ) as d
)
select to_char(days.day, 'YYYY-MM-DD') as day,
  case when r.mode = 'backfill' and (r.options ->> 'ofThen')::boolean then $5::boolean
    else coalesce(r.options ->> 'scores' = days.meaning, false) end as done,
  coalesce(w.is_whole, false) as whole
from days
left join recorded_score_days() w using (day)
left join runs r using (run_id)
order by days.day;
