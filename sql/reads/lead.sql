-- A lead and its account, as of an instant. $1 external id text, $2 as_of timestamptz.
-- Columns: id (internal), lead_id, first_seen_at, attributes, account_id, account_attributes, first_known (since when
-- anything is known of each attribute: by lead and account, then by name).
with subjects as (
  select 'lead' as subject, lead_id as subject_id from leads where external_id = $1::text
  union
  select 'account', (link.value #>> '{}')::bigint
  from leads l
  join attribute_change link on link.subject = 'lead' and link.subject_id = l.lead_id and link.attribute = '@account'
  where l.external_id = $1::text and link.value #>> '{}' ~ '^[0-9]{1,18}$'
),
now as (
  select s.subject, s.subject_id, c.attribute, c.value, c.first_known
  from subjects s
  cross join lateral (
    select distinct on (attribute) attribute, value,
      to_char(min(from_at) over (partition by attribute), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as first_known
    from attribute_change
    where subject = s.subject and subject_id = s.subject_id
    order by attribute,
      case when from_at <= $2::timestamptz then from_at end desc nulls last,
      case when from_at <= $2::timestamptz then change_id end desc nulls last,
      from_at, change_id) c
)
select l.lead_id as id, l.external_id as lead_id,
  to_char(least(l.first_seen_at, (select min(occurred_at) from events e where e.lead_id = l.lead_id)),
    'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as first_seen_at,
  coalesce((select jsonb_object_agg(attribute, value) from now
    where subject = 'lead' and attribute <> '@account' and value is not null), '{}') as attributes,
  a.external_id as account_id,
  coalesce((select jsonb_object_agg(attribute, value) from now
    where subject = 'account' and subject_id = a.account_id and value is not null), '{}') as account_attributes,
  coalesce((select jsonb_object_agg(subject, names) from (
    select subject, jsonb_object_agg(attribute, first_known) as names from now
    where subject = 'lead' or subject_id = a.account_id group by subject) known), '{}') as first_known
from leads l
left join now link on link.subject = 'lead' and link.attribute = '@account' and link.value #>> '{}' ~ '^[0-9]{1,18}$'
left join accounts a on a.account_id = (link.value #>> '{}')::bigint
where l.external_id = $1::text
