-- Sets the attributes of the accounts in `touched` to the latest that attribute_change knows.
update accounts a set attributes = n.attributes
from (
  select subject_id, coalesce(jsonb_object_agg(attribute, value) filter (where value is not null), '{}') as attributes
  from (
    select distinct on (c.subject_id, c.attribute) c.subject_id, c.attribute, c.value
    from attribute_change c join touched t on t.subject_id = c.subject_id
    where c.subject = 'account' and c.from_at <= statement_timestamp()
    order by c.subject_id, c.attribute, c.from_at desc, c.change_id desc
  ) as latest
  group by subject_id
) as n
where n.subject_id = a.account_id and a.attributes is distinct from n.attributes
