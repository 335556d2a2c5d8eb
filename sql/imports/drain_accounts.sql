-- Moves what waits in inbox_accounts to `staged` and `said`. Rows not committed yet are not seen, and wait for the next
-- time. Returns rows.
with gone as (
  delete from inbox_accounts returning *
), documents as (
  insert into said (document, type, rest, iso)
  select inbox_id, '', coalesce(attributes, '{}')::text, '{}' from gone
), staging as (
  insert into staged (row_number, account_id, changed_at, document)
  select inbox_id, account_id, changed_at, inbox_id from gone
)
select count(*) as rows from gone
