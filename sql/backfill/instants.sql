-- The instants of a backfill, oldest first: those of recorded runs in the range, and the grain's where there were none.
-- $1 from, $2 to timestamptz (closed), $3 grain 'day' or 'hour'.
with recorded as (
  select distinct as_of from runs
  where status = 'done' and mode <> 'backfill' and as_of between $1::timestamptz and $2::timestamptz
),
grains as (
  select g as as_of
  from generate_series(
    date_trunc($3::text, $1::timestamptz), $2::timestamptz, ('1 ' || $3::text)::interval
  ) as g
  where g >= $1::timestamptz
)
select to_char(as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as as_of
from (
  select as_of from recorded
  union
  select g.as_of from grains g
  where not exists (
    select from recorded r
    where r.as_of >= g.as_of and r.as_of < g.as_of + ('1 ' || $3::text)::interval
  )
) as instants
order by instants.as_of;
