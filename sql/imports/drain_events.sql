-- Moves what waits in inbox_events to `staged`. Rows not committed yet are not seen, and wait for the next time.
with gone as (delete from inbox_events returning *)
insert into staged (row_number, event_id, lead_id, type, occurred_at, rest, iso)
select inbox_id, event_id, lead_id, type, occurred_at, coalesce(properties, '{}')::text, '{}' from gone
