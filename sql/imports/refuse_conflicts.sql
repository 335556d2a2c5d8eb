-- After take_events: copies the rows whose id belongs to an event that says something else from `staged` to `refused`.
-- A property whose type was set anew since says the same if either what was written, or what it is read as now, does.
-- $1 text: time zone of instants that name none.
insert into refused
select s.row_number, s.problem, s.about, s.event_id, s.lead_id, s.account_id, s.type, s.occurred_at, s.first_seen_at,
  s.changed_at, s.document, d.rest, 'EVENT_ID_CONFLICT', 'event_id', null
from ready r
join events e on e.event_id = r.event_id
join staged s on s.row_number = r.row_number
join said d on d.document = s.document
join documents w on w.document = s.document
where (r.lead_id, r.type, r.occurred_at) is distinct from (e.lead_id, e.type, e.occurred_at)
  or r.properties is distinct from e.properties and exists (
    select
    from jsonb_each(r.properties) as n full join jsonb_each(e.properties) as o using (key)
    where n.value is distinct from o.value
      and (n.value is null or o.value is null
        or as_said(o.value, $1) not in (as_said(n.value, $1), as_said(w.said -> key, $1)))
  )
