-- Values of attributes with the chunk that reads them. Runs on DuckDB. Reads attribute_change, lead_chunk, account_chunk.
select c.*, coalesce(l.chunk, a.chunk) as chunk
from attribute_change c
left join lead_chunk l on c.subject = 'lead' and l.lead_id = c.subject_id
left join account_chunk a on c.subject = 'account' and a.account_id = c.subject_id
where coalesce(l.chunk, a.chunk) is not null
