-- Creates the accounts that `incoming` names and we don't have. One row per new account.
insert into accounts (external_id)
select distinct i.account_id
from incoming i
where i.account_id <> '' and not exists (select from accounts a where a.external_id = i.account_id)
order by i.account_id
on conflict do nothing
returning account_id
