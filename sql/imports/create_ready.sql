-- The rows of `incoming` as the events they become. A view, so that they are not written once more.
create temp view ready as
select i.row_number, coalesce(i.event_id, e.event_id) as event_id, l.lead_id, i.type, i.occurred_at, t.stored as properties
from incoming i
join typed t on t.document = i.document
join leads l on l.external_id = i.lead_id
left join event_ids e on e.row_number = i.row_number
