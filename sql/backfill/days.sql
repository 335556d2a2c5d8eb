-- The UTC days whose ends lie in a range, and the one after: whether whoever recorded its scores last understood them as
-- they are meant now, and whether all of it still stands.
-- $1 from, $2 to timestamptz (closed), $3 what the scores mean text. Columns: day, done, whole.
with days as (
  select d::date as day
  from generate_series(
    ($1::timestamptz at time zone 'UTC')::date,
    (($2::timestamptz + interval '1 microsecond') at time zone 'UTC')::date,
    interval '1 day'
  ) as d
)
select to_char(days.day, 'YYYY-MM-DD') as day, coalesce(r.options ->> 'scores' = $3::text, false) as done,
  coalesce(w.is_whole, false) as whole
from days
left join recorded_score_days() w using (day)
left join runs r using (run_id)
order by days.day;
