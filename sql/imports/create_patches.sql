-- Makes `patches`: one row per lead or account that `incoming` names, with what its rows say together. Of a value that
-- several rows give, the last row's counts. account: null says nothing, '' takes the account away.
-- $1 text: lead or account.
create temp table patches as
with each as (
  select i.row_number, case $1 when 'lead' then i.lead_id else i.account_id end as external_id,
    case $1 when 'lead' then i.account_id end as account, i.first_seen_at, t.stored, t.removed
  from incoming i join typed t on t.document = i.document
), counted as (
  select *, count(*) over (partition by external_id) as times from each
), merged as (
  select external_id, jsonb_object_agg(key, value) filter (where value is not null) as stored,
    array_agg(key) filter (where value is null) as removed
  from (
    select distinct on (c.external_id, e.key) c.external_id, e.key, e.value
    from counted c cross join lateral (
      select key, value from jsonb_each(c.stored) union all select name, null from unnest(c.removed) as name
    ) as e
    where c.times > 1
    order by c.external_id, e.key, c.row_number desc
  ) as latest
  group by external_id
)
select external_id, account, first_seen_at, stored, removed from counted where times = 1
union all
select c.external_id, (array_agg(c.account order by c.row_number desc) filter (where c.account is not null))[1],
  min(c.first_seen_at), coalesce(m.stored, '{}'), coalesce(m.removed, '{}')
from counted c left join merged m on m.external_id = c.external_id
where c.times > 1
group by c.external_id, m.stored, m.removed
