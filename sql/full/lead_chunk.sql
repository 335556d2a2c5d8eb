-- In which chunk each lead is. Runs on DuckDB. Reads place, chunk. Columns: lead_id, chunk.
select lead_id, chunk from place asof join chunk on place >= begins
