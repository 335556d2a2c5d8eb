-- Moves what waits in inbox_leads to `staged`. Rows not committed yet are not seen, and wait for the next time.
with gone as (delete from inbox_leads returning *)
insert into staged (row_number, lead_id, account_id, first_seen_at, changed_at, rest, iso)
select inbox_id, lead_id, account_id, first_seen_at, changed_at, coalesce(attributes, '{}')::text, '{}' from gone
