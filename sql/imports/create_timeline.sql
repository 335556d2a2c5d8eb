-- Makes `timeline`: what the rows of `staged` say, and from when on; a row that doesn't say when means now. Of two
-- rows that say it of the same instant, the later row counts. value: null means missing.
-- $1 text: lead or account. $2 text: time zone of instants that name none.
create temp table timeline as
with said as (
  select s.row_number, coalesce(l.lead_id, a.account_id) as subject_id, t.stored, t.removed,
    case $1 when 'lead' then s.account_id end as account,
    coalesce(as_instant(s.changed_at, $2), statement_timestamp()) as from_at
  from staged s
  join documents d on d.type = coalesce(s.type, '') and d.rest = s.rest and d.iso = s.iso
  join typed t on t.document = d.document
  left join leads l on $1 = 'lead' and l.external_id = s.lead_id
  left join accounts a on $1 = 'account' and a.external_id = s.account_id
)
select distinct on (subject_id, attribute, from_at) subject_id, attribute, value, from_at
from (
  select s.row_number, s.subject_id, e.key as attribute, e.value, s.from_at
  from said s cross join lateral (
    select key, value from jsonb_each(s.stored) union all select name, null from unnest(s.removed) as name
  ) as e
  union all
  select s.row_number, s.subject_id, '@account', to_jsonb(a.account_id), s.from_at
  from said s left join accounts a on a.external_id = s.account
  where s.account is not null
) as every
order by subject_id, attribute, from_at, row_number desc
