-- The rows of lead_state that differ. Reads looked_at(lead_id), evaluated, later.
insert into staged_state (lead_id, present, due_at)
select lead_id, present, due_at
from (
  select k.lead_id, e.lead_id is not null as present, least(e.due_at, l.due_at) as due_at,
    coalesce(s.present, false) as was_present, s.due_at as was_due_at
  from looked_at k
  left join evaluated e on e.lead_id = k.lead_id
  left join later l on l.lead_id = k.lead_id
  left join lead_state s on s.lead_id = k.lead_id
) as stood
where (present, due_at) is distinct from (was_present, was_due_at);
