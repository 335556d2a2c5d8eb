-- The leads of whose changes a cause is to be found, and those who ever shared an account with them, where that counts.
-- Makes the table concerned(lead_id, own): own is false for the latter.
create temporary table concerned as
with own as (
  select distinct d.lead_id from difference d join planned p using (segment_id) where not p.first
),
mate as (
  select distinct other.subject_id as lead_id
  from own
  join attribute_change link
    on link.subject = 'lead' and link.subject_id = own.lead_id and link.attribute = '@account'
    and jsonb_typeof(link.value) = 'number'
  join attribute_change other
    on other.subject = 'lead' and other.attribute = '@account' and other.value = link.value
  where exists (select from planned where reads_account and not first)
)
select lead_id, lead_id in (select lead_id from own) as own
from (select lead_id from own union select lead_id from mate) as all_of_them;
