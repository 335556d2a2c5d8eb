-- What is known already and dated after as_of: no run sees it before, and then one has to look at the lead again.
-- $1 as_of, $2 the next midnight in UTC, both timestamptz, $3 horizon xid8. Reads looked_at(lead_id). Makes the table
-- later(lead_id, due_at).
create temporary table later as
with account_later as (
  select to_jsonb(subject_id) as value, min(from_at) as at from attribute_change
  where subject = 'account' and from_at > $1::timestamptz and from_at <= $2::timestamptz and ingest_xid < $3::text::xid8
  group by subject_id
)
select lead_id, min(at) as due_at
from (
  select lead_id, occurred_at as at from events
  where occurred_at > $1::timestamptz and occurred_at <= $2::timestamptz and ingest_xid < $3::text::xid8
  union all
  select subject_id, from_at from attribute_change
  where subject = 'lead' and from_at > $1::timestamptz and from_at <= $2::timestamptz and ingest_xid < $3::text::xid8
  union all
  select lead_id, first_seen_at from leads
  where first_seen_at > $1::timestamptz and first_seen_at <= $2::timestamptz and ingest_xid < $3::text::xid8
  union all
  select lead_id, from_at from segment_list
  where from_at > $1::timestamptz and from_at <= $2::timestamptz and ingest_xid < $3::text::xid8
  union all
  select lead_id, until_at from segment_list
  where until_at > $1::timestamptz and until_at <= $2::timestamptz and until_xid < $3::text::xid8
  union all
  select c.subject_id, a.at from account_later a
  join attribute_change c on c.subject = 'lead' and c.attribute = '@account' and c.value = a.value
) as dated
join looked_at using (lead_id)
group by lead_id;
