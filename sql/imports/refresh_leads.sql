-- Sets the attributes and accounts of the leads in `touched` to the latest that attribute_change knows.
update leads l set attributes = n.attributes, account_id = n.account_id
from (
  select subject_id, coalesce(jsonb_object_agg(attribute, value)
      filter (where value is not null and attribute <> '@account'), '{}') as attributes,
    max(value #>> '{}') filter (where attribute = '@account')::bigint as account_id
  from (
    select distinct on (c.subject_id, c.attribute) c.subject_id, c.attribute, c.value
    from attribute_change c join touched t on t.subject_id = c.subject_id
    where c.subject = 'lead' and c.from_at <= statement_timestamp()
    order by c.subject_id, c.attribute, c.from_at desc, c.change_id desc
  ) as latest
  group by subject_id
) as n
where n.subject_id = l.lead_id and (l.attributes, l.account_id) is distinct from (n.attributes, n.account_id)
