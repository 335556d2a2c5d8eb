-- A lead, and every lead that ever shared an account with it: none that its account's conditions look at is missing.
-- $1 internal id bigint. Columns: lead_id (internal).
select $1::bigint as lead_id
union
select other.subject_id
from attribute_change own
join attribute_change other
  on other.subject = 'lead' and other.attribute = '@account' and other.value = own.value
where own.subject = 'lead' and own.attribute = '@account' and own.subject_id = $1::bigint
