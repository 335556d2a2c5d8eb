-- Hands on one segment's lists come one after the other. $1 key text. Columns: segment_id, now.
select segment_id, to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as now
from segments where key = $1::text and status <> 'archived' for no key update
