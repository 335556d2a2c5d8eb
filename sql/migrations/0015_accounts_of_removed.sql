-- Whose account mates a lead was that is gone: they have to be looked at, and may be found through nothing else.

alter table tombstone add column account_ids bigint[] not null default '{}';
comment on column tombstone.account_ids is 'The accounts it was ever in, as far as they were known when it was removed.';

-- Whoever removes a lead may remove what was known of it as well. Where attribute_change goes after leads, all accounts
-- are known here; where it went before, the last one is, by the lead itself.
create or replace function record_removal() returns trigger language plpgsql as $$
begin
  insert into tombstone (lead_id, account_ids)
  select o.lead_id, array(
    select o.account_id where o.account_id is not null
    union
    select (c.value #>> '{}')::bigint from attribute_change c
    where c.subject = 'lead' and c.subject_id = o.lead_id and c.attribute = '@account'
      and jsonb_typeof(c.value) = 'number' and c.value #>> '{}' ~ '^[0-9]{1,18}$'
  )
  from old_rows o
  on conflict (lead_id) do update set ingest_xid = excluded.ingest_xid, account_ids = excluded.account_ids;
  return null;
end $$;
