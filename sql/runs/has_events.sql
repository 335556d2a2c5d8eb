-- Whether there are at least so many events. $1 number bigint (from 1). Columns: enough.
select exists (select from events offset $1::bigint - 1 limit 1) as enough;
