-- Moves what waits in inbox_events to `staged` and `said`. Rows not committed yet are not seen, and wait for the next
-- time. Returns rows.
with gone as (
  delete from inbox_events returning *
), documents as (
  insert into said (document, type, rest, iso)
  select inbox_id, coalesce(type, ''), coalesce(properties, '{}')::text, '{}' from gone
), staging as (
  insert into staged (row_number, event_id, lead_id, type, occurred_at, document)
  select inbox_id, event_id, lead_id, type, occurred_at, inbox_id from gone
)
select count(*) as rows from gone
