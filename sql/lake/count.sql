-- How many events are known at a horizon, and how many of them since another one; and how many pages the table has.
-- $1 horizon xid8 as text, $2 since xid8 as text. Columns: events, arrived, pages.
select count(*) as events,
  (select count(*) from events where ingest_xid >= $2::text::xid8 and ingest_xid < $1::text::xid8) as arrived,
  pg_relation_size('events') / current_setting('block_size')::int as pages
from events where ingest_xid < $1::text::xid8
