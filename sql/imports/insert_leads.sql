-- Creates the leads of `patches` that we don't have, with their attributes, and notes them in `touched`.
with made as (
  insert into leads (external_id, account_id, first_seen_at, attributes)
  select p.external_id, a.account_id, least(p.first_seen_at, clock_timestamp()), p.stored
  from patches p left join accounts a on a.external_id = p.account
  where not exists (select from leads l where l.external_id = p.external_id)
  order by p.external_id
  on conflict do nothing
  returning lead_id
)
insert into touched select lead_id from made
