-- How many events of each UTC day are known at a horizon. $1 horizon xid8 as text. Columns: day, events.
select to_char(greatest(least(occurred_at, '2199-12-31Z'), '1900-01-01Z') at time zone 'UTC', 'YYYY-MM-DD') as day,
  count(*) as events
from events where ingest_xid < $1::text::xid8 group by 1
