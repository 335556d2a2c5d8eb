-- How many rows of `incoming` are about a lead or account in `touched`. $1 text: lead or account.
select count(*) as rows
from incoming i
left join leads l on $1 = 'lead' and l.external_id = i.lead_id
left join accounts a on $1 = 'account' and a.external_id = i.account_id
where coalesce(l.lead_id, a.account_id) in (select subject_id from touched)
