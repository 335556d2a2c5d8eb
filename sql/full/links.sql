-- Which accounts each lead ever was in. Runs on DuckDB. Reads attribute_change. Columns: lead_id, account_id.
select distinct subject_id as lead_id, cast(value_number as bigint) as account_id
from attribute_change
where subject = 'lead' and attribute = '@account' and value_number is not null
