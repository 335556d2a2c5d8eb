-- The types that names already have. $1 text: lead, account or event. Returns name, types (a JSON list; over event types).
select name, jsonb_agg(distinct type) as types
from catalog
where subject = $1
group by name
