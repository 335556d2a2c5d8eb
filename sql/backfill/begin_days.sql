-- At the ends of which days scores are evaluated. $1 run_id bigint, $2 days date[], $3 seams boolean[].
insert into backfill_day (run_id, day, seam)
select $1::bigint, d.day, d.seam from unnest($2::date[], $3::boolean[]) d(day, seam);
