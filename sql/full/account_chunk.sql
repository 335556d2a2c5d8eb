-- In which chunk the leads of each account are, all of them. Runs on DuckDB. Reads link, lead_chunk.
-- Columns: account_id, chunk.
select account_id, any_value(chunk) as chunk from link join lead_chunk using (lead_id) group by account_id
