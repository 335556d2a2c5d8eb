-- Whose sources were not known to the last applied run, and who is due. $1 its horizon xid8, $2 the horizon of this run
-- xid8, $3 as_of of this run timestamptz. Fills candidate.
with changed_account as (
  select distinct to_jsonb(subject_id) as value from attribute_change
  where subject = 'account' and ingest_xid >= $1::text::xid8 and ingest_xid < $2::text::xid8
),
found as (
  select lead_id, 1 as reason from events
  where ingest_xid >= $1::text::xid8 and ingest_xid < $2::text::xid8
  union all
  select subject_id, 2 from attribute_change
  where subject = 'lead' and ingest_xid >= $1::text::xid8 and ingest_xid < $2::text::xid8
  union all
  -- Whatever the horizon: whether a lead exists, and since when, is read as it stands.
  select lead_id, 3 from leads
  where changed_xid >= $1::text::xid8
  union all
  select lead_id, 7 from tombstone
  where ingest_xid >= $1::text::xid8
  union all
  select lead_id, 4 from segment_list
  where ingest_xid >= $1::text::xid8 and ingest_xid < $2::text::xid8
  union all
  select lead_id, 4 from segment_list
  where until_xid >= $1::text::xid8 and until_xid < $2::text::xid8
  union all
  select lead_id, 5 from lead_state
  where due_at <= $3::timestamptz
  union all
  select c.subject_id, 6 from attribute_change c
  where c.subject = 'lead' and c.attribute = '@account' and c.value in (select value from changed_account)
)
insert into candidate (lead_id, reason)
select lead_id, (array['events', 'attributes', 'new', 'hands', 'due', 'accounts', 'removed'])[min(reason)]
from found group by lead_id;
