-- Moves what waits in inbox_accounts to `staged`. Rows not committed yet are not seen, and wait for the next time.
with gone as (delete from inbox_accounts returning *)
insert into staged (row_number, account_id, changed_at, rest, iso)
select inbox_id, account_id, changed_at, coalesce(attributes, '{}')::text, '{}' from gone
