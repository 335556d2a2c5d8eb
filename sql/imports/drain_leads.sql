-- Moves what waits in inbox_leads to `staged` and `said`. Rows not committed yet are not seen, and wait for the next
-- time. Returns rows.
with gone as (
  delete from inbox_leads returning *
), documents as (
  insert into said (document, type, rest, iso)
  select inbox_id, '', coalesce(attributes, '{}')::text, '{}' from gone
), staging as (
  insert into staged (row_number, lead_id, account_id, first_seen_at, changed_at, document)
  select inbox_id, lead_id, account_id, first_seen_at, changed_at, inbox_id from gone
)
select count(*) as rows from gone
