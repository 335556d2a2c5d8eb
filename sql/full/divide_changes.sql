-- Values of attributes with the chunk that reads them. Runs on DuckDB. Reads attribute_change, lead_chunk, account_chunk.
select c.*, chunk from attribute_change c join lead_chunk on lead_id = c.subject_id where c.subject = 'lead'
union all
select c.*, chunk from attribute_change c join account_chunk on account_id = c.subject_id where c.subject = 'account'
