-- How far a backfill is. $1 run_id bigint. Columns: as_of, done.
select to_char(as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as as_of, done
from backfill_instant where run_id = $1::bigint
order by backfill_instant.as_of;
