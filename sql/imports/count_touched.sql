-- How many rows of `staged` are about a lead or account in `touched`. $1 text: lead or account.
select count(*) as rows
from staged s
where case $1
  when 'lead' then (select l.lead_id from leads l where l.external_id = s.lead_id)
  else (select a.account_id from accounts a where a.external_id = s.account_id)
end in (select subject_id from touched)
