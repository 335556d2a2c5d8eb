-- Notes on which days there were events of which type. What is noted twice changes nothing. $1 horizon of the last applied
-- run xid8 (null: all events are looked at), $2 horizon of this run xid8.
insert into event_days (type, day)
select distinct type, (occurred_at at time zone 'UTC')::date
from events
where ingest_xid >= coalesce($1::text::xid8, '0') and ingest_xid < $2::text::xid8
on conflict do nothing;
