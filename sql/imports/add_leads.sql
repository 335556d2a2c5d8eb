-- Creates the leads that `incoming` names and we don't have. Whose first sight isn't given was first seen now.
-- One row per new lead.
insert into leads (external_id, first_seen_at)
select i.lead_id, least(min(i.first_seen_at), clock_timestamp())
from incoming i
where not exists (select from leads l where l.external_id = i.lead_id)
group by i.lead_id
order by i.lead_id
on conflict do nothing
returning lead_id
