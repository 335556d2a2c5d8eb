-- A new backfill keeps what it will compute by its run. $1 run_id bigint, $2 asked jsonb, $3 meaning text.
insert into backfills (run_id, asked, meaning, backend_pid, backend_start)
select $1::bigint, $2::jsonb, $3::text, pg_backend_pid(),
  (select a.backend_start from pg_stat_activity a where a.pid = pg_backend_pid());
