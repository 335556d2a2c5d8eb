-- Creates the leads that `staged` names and we don't have. Whose first sight isn't given was first seen now.
-- $1 text: time zone. One row per new lead.
insert into leads (external_id, first_seen_at)
select s.lead_id, least(min(as_instant(s.first_seen_at, $1)), clock_timestamp())
from staged s
where not exists (select from leads l where l.external_id = s.lead_id)
group by s.lead_id
order by s.lead_id
on conflict do nothing
returning lead_id
