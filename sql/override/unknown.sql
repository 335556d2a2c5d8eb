-- Which of these ids no lead has. $1 external ids text[]. Columns: lead_id.
select id as lead_id
from unnest($1::text[]) with ordinality asked(id, place)
where not exists (select from leads where external_id = id)
order by place
