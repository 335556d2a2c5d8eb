-- Adds all who ever shared an account with a candidate, and with those in turn: what is said of an account is right
-- only if all its leads are looked at.
with recursive mate as (
  select lead_id from candidate
  union
  select other.subject_id
  from mate
  join attribute_change own
    on own.subject = 'lead' and own.subject_id = mate.lead_id and own.attribute = '@account'
    and jsonb_typeof(own.value) = 'number'
  join attribute_change other
    on other.subject = 'lead' and other.attribute = '@account' and other.value = own.value
)
insert into candidate (lead_id, reason)
select lead_id, 'accounts' from mate
on conflict do nothing;
