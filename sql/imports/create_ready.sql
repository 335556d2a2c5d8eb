-- The rows of `staged` as the events they become. A view, so that they are not written once more.
create temp view ready as
select s.row_number, coalesce(nullif(s.event_id, ''), i.event_id) as event_id, l.lead_id, s.type,
  case
    -- In full form, and known to be an instant or it would have been refused.
    when s.occurred_at ~~ '____-__-__T__:__:__.______Z' then s.occurred_at::timestamptz
    else as_instant(s.occurred_at, current_setting('tideline.import_timezone'))
  end as occurred_at,
  t.stored as properties
from staged s
join documents d on d.type = s.type and d.rest = s.rest and d.iso = s.iso
join typed t on t.document = d.document
join leads l on l.external_id = s.lead_id
left join event_ids i on i.row_number = s.row_number
