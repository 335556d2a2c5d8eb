-- The segment of a key, archived ones included. $1 key text. Columns: origin, status, version, now.
select origin, status, version, to_char(clock_timestamp(), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as now
from segments where key = $1::text
