-- How much there is to evaluate. Runs on DuckDB. Columns: leads, events.
select cast((select count(*) from leads) as double) as leads, cast((select count(*) from events) as double) as events
