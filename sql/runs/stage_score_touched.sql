-- The leads to whom anything happened on a day, or of whom something older became known since the day before was
-- recorded; and those in their accounts now. Makes the table touched_day(lead_id, own): own is false for the latter.
-- $1 day date, $2 horizon xid8, $3 horizon xid8 of the run that recorded the day before (null: what is older stays).
create temporary table touched_day as
with touched as (
  select lead_id from events
  where occurred_at >= $1::date::timestamp at time zone 'UTC'
    and occurred_at < ($1::date + 1)::timestamp at time zone 'UTC' and ingest_xid < $2::xid8
  union
  select subject_id from attribute_change
  where subject = 'lead' and from_at >= $1::date::timestamp at time zone 'UTC'
    and from_at < ($1::date + 1)::timestamp at time zone 'UTC' and ingest_xid < $2::xid8
  union
  select l.lead_id from attribute_change c join leads l on l.account_id = c.subject_id
  where c.subject = 'account' and c.from_at >= $1::date::timestamp at time zone 'UTC'
    and c.from_at < ($1::date + 1)::timestamp at time zone 'UTC' and c.ingest_xid < $2::xid8
  union
  select lead_id from events
  where ingest_xid >= $3::xid8 and ingest_xid < $2::xid8 and occurred_at < $1::date::timestamp at time zone 'UTC'
  union
  select subject_id from attribute_change
  where subject = 'lead' and ingest_xid >= $3::xid8 and ingest_xid < $2::xid8
    and from_at < $1::date::timestamp at time zone 'UTC'
  union
  select l.lead_id from attribute_change c join leads l on l.account_id = c.subject_id
  where c.subject = 'account' and c.ingest_xid >= $3::xid8 and c.ingest_xid < $2::xid8
    and c.from_at < $1::date::timestamp at time zone 'UTC'
)
select lead_id, bool_or(own) as own
from (
  select lead_id, true as own from touched
  union all
  select lead_id, false from leads
  where account_id in (select account_id from leads join touched using (lead_id))
) as concerned
group by lead_id;
