-- Adds all who ever shared an account with a candidate, and with those in turn: what is said of an account is right
-- only if all its leads are looked at. From account to account: from lead to lead it would be the square of their size.
-- Who was removed together with what was known of them left their accounts behind.
-- `offset 0` has each account looked up; Postgres would rather go through all leads in each round.
with recursive linked as (
  select own.value
  from candidate
  join attribute_change own
    on own.subject = 'lead' and own.subject_id = candidate.lead_id and own.attribute = '@account'
    and jsonb_typeof(own.value) = 'number'
  union
  select to_jsonb(account_id)
  from candidate
  join tombstone using (lead_id)
  cross join unnest(tombstone.account_ids) as account_id
  union
  select other.value
  from linked
  cross join lateral (
    select distinct c.value
    from attribute_change member
    join attribute_change c
      on c.subject = 'lead' and c.subject_id = member.subject_id and c.attribute = '@account'
      and jsonb_typeof(c.value) = 'number'
    where member.subject = 'lead' and member.attribute = '@account' and member.value = linked.value
    offset 0
  ) as other
)
insert into candidate (lead_id, reason)
select distinct member.subject_id, 'accounts'
from linked
cross join lateral (
  select subject_id from attribute_change
  where subject = 'lead' and attribute = '@account' and value = linked.value
  offset 0
) as member
on conflict do nothing;
