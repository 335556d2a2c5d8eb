-- What was known to the run that recorded the day before $1 date: the first one after its end. Columns: horizon.
select horizon::text as horizon from runs
where status = 'done' and mode <> 'backfill' and as_of >= $1::date::timestamp at time zone 'UTC'
order by as_of limit 1
