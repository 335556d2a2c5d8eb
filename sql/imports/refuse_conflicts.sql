-- After take_events: moves the rows whose id belongs to an event that says something else from `staged` to `refused`.
with different as (
  select r.row_number, r.event_id
  from ready r join events e on e.event_id = r.event_id
  where (r.lead_id, r.type, r.occurred_at, r.properties) is distinct from (e.lead_id, e.type, e.occurred_at, e.properties)
), gone as (
  delete from staged s using different
  where different.row_number = s.row_number
  returning s.*
)
insert into refused
select row_number, problem, about, event_id, lead_id, account_id, type, occurred_at, first_seen_at, changed_at, rest, iso,
  'EVENT_ID_CONFLICT', 'event_id', null
from gone
