-- Makes `timeline`: what the rows of `incoming` say, and from when on; a row that doesn't say when means now. Of two
-- rows that say it of the same instant, the later row counts. value: null means missing.
-- $1 text: lead or account.
create temp table timeline as
with each as (
  select i.row_number, coalesce(l.lead_id, a.account_id) as subject_id, t.stored, t.removed,
    case $1 when 'lead' then i.account_id end as account, coalesce(i.changed_at, statement_timestamp()) as from_at
  from incoming i
  join typed t on t.document = i.document
  left join leads l on $1 = 'lead' and l.external_id = i.lead_id
  left join accounts a on $1 = 'account' and a.external_id = i.account_id
)
select distinct on (subject_id, attribute, from_at) subject_id, attribute, value, from_at
from (
  select s.row_number, s.subject_id, e.key as attribute, e.value, s.from_at
  from each s cross join lateral (
    select key, value from jsonb_each(s.stored) union all select name, null from unnest(s.removed) as name
  ) as e
  union all
  select s.row_number, s.subject_id, '@account', to_jsonb(a.account_id), s.from_at
  from each s left join accounts a on a.external_id = s.account
  where s.account is not null
) as every
order by subject_id, attribute, from_at, row_number desc
