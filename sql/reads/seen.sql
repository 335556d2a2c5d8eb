-- What an evaluation sees now. Columns: now (the database's clock), horizon (of a run that started now).
select to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as now,
  pg_snapshot_xmin(pg_current_snapshot())::text as horizon
