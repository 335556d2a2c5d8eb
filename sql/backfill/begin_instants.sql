-- What is to be evaluated. $1 run_id bigint.
insert into backfill_instant (run_id, as_of)
select distinct $1::bigint, as_of from slot where not done;
