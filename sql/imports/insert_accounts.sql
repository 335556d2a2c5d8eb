-- Creates the accounts of `patches` that we don't have, with their attributes, and notes them in `touched`.
with made as (
  insert into accounts (external_id, attributes)
  select p.external_id, p.stored from patches p
  where not exists (select from accounts a where a.external_id = p.external_id)
  order by p.external_id
  on conflict do nothing
  returning account_id
)
insert into touched select account_id from made
