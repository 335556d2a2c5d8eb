-- After take_events: copies the rows whose id belongs to an event that says something else from `staged` to `refused`.
insert into refused
select s.row_number, s.problem, s.about, s.event_id, s.lead_id, s.account_id, s.type, s.occurred_at, s.first_seen_at,
  s.changed_at, s.document, d.rest, 'EVENT_ID_CONFLICT', 'event_id', null
from ready r
join events e on e.event_id = r.event_id
join staged s on s.row_number = r.row_number
join said d on d.document = s.document
where (r.lead_id, r.type, r.occurred_at, r.properties) is distinct from (e.lead_id, e.type, e.occurred_at, e.properties)
