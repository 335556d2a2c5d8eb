-- Makes `ready`: the rows of `staged` as the events they become. $1 text: time zone of instants that name none.
create temp table ready as
select s.row_number, coalesce(nullif(s.event_id, ''), i.event_id) as event_id, l.lead_id, s.type,
  as_instant(s.occurred_at, $1) as occurred_at, t.stored as properties
from staged s
join documents d on d.type = s.type and d.rest = s.rest and d.iso = s.iso
join typed t on t.document = d.document
join leads l on l.external_id = s.lead_id
left join event_ids i on i.row_number = s.row_number
