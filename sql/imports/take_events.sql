-- Takes the events of `ready`. The first with an id wins: what is here already, and within `ready` the earlier row.
insert into events (event_id, lead_id, type, occurred_at, properties)
select event_id, lead_id, type, occurred_at, properties from ready order by row_number
on conflict do nothing
