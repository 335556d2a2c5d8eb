-- The days of a backfill. $1 run_id bigint. Columns: day, seam, done.
select to_char(day, 'YYYY-MM-DD') as day, seam, done from backfill_day where run_id = $1::bigint order by backfill_day.day;
