-- Creates the accounts that `staged` names and we don't have. One row per new account.
insert into accounts (external_id)
select distinct s.account_id
from staged s
where s.account_id <> '' and not exists (select from accounts a where a.external_id = s.account_id)
order by s.account_id
on conflict do nothing
returning account_id
