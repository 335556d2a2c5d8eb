-- Where an installation stands. Columns: now (the database's clock), last_run, last_as_of, last_mode, leads (whether there
-- are any).
select to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as now,
  r.run_id as last_run, to_char(r.as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as last_as_of, r.mode as last_mode,
  exists (select from leads) as leads
from (select 1) as always
left join lateral (
  select * from runs where status = 'done' order by as_of desc, run_id desc limit 1
) r on true
