-- The latest events of a lead. $1 internal id bigint, $2 as_of timestamptz, $3 limit int.
-- Columns: occurred_at, type, properties.
select to_char(occurred_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as occurred_at, type, properties
from events
where lead_id = $1::bigint and occurred_at <= $2::timestamptz
order by occurred_at desc, event_id collate "C" desc
limit $3::int
