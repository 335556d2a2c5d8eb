-- Cuts the leads into chunks of about the same number, by their place: those of one account are at the same. Runs on
-- DuckDB. $1 leads a chunk, $2 how finely places are looked at. Reads place(lead_id, place).
-- Columns: chunk (from 0), begins (of places, closed), ends (open; null: none).
with step as (
  select place // $2 as step, count(*) as leads from place group by step
),
placed as (
  select step, (sum(leads) over (order by step) - leads) // $1 as chunk from step
),
chunk as (
  select min(step) * $2 as begins from placed group by chunk
)
select row_number() over (order by begins) - 1 as chunk, begins, lead(begins) over (order by begins) as ends
from chunk
