-- The leads of whose changes a cause is to be found, and those who ever shared an account with them, where that counts.
-- Makes the table concerned(lead_id, own): own is false for the latter.
create temporary table concerned as
with own as (
  select distinct d.lead_id from difference d join planned p using (segment_id) where not p.first
),
linked as (
  select distinct link.value
  from own
  join attribute_change link
    on link.subject = 'lead' and link.subject_id = own.lead_id and link.attribute = '@account'
    and jsonb_typeof(link.value) = 'number'
  where exists (select from planned where reads_account and not first)
),
mate as (
  select other.subject_id as lead_id
  from linked
  join attribute_change other
    on other.subject = 'lead' and other.attribute = '@account' and other.value = linked.value
)
select lead_id, bool_or(own) as own
from (select lead_id, true as own from own union all select lead_id, false from mate) as all_of_them
group by lead_id;
-- Of what arrived lately Postgres expects one row, as long as nothing was analyzed: it looks up each of many then.
alter table concerned add primary key (lead_id);
