-- Changes the accounts of `patches` that differ, and only those, and notes them in `touched`.
with changed as (
  update accounts a set attributes = n.attributes
  from (
    select a.account_id, (a.attributes || p.stored) - p.removed as attributes
    from patches p join accounts a on a.external_id = p.external_id
  ) as n
  where n.account_id = a.account_id and a.attributes is distinct from n.attributes
  returning a.account_id
)
insert into touched select account_id from changed on conflict do nothing
