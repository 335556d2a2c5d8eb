-- How a lead's scores stood at the ends of UTC days that were over at an instant, as recorded.
-- $1 lead_id bigint, $2 as_of timestamptz. Columns: score, day (the last of which there is a row), micropoints, level,
-- is_exact (boolean: no later day was over; else the score has done nothing but fade since), max_micropoints, max_day.
select score, to_char(day, 'YYYY-MM-DD') as day, trunc(value * 1000000)::text as micropoints, level,
  day = ($2::timestamptz at time zone 'UTC')::date - 1 as is_exact,
  trunc(max_value * 1000000)::text as max_micropoints, to_char(max_day, 'YYYY-MM-DD') as max_day
from (
  select distinct on (score) score, day, value, level,
    first_value(value) over most as max_value, first_value(day) over most as max_day
  from score_history
  where lead_id = $1::bigint and day < ($2::timestamptz at time zone 'UTC')::date
  window most as (partition by score order by value desc, day)
  order by score, day desc
) as recorded;
