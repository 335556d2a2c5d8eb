-- Prolongs a lease that is still one's own. $1 fence bigint, $2 seconds int. No row: it is lost.
update run_lease
set lease_until = clock_timestamp() + make_interval(secs => $2::int)
where fence = $1::bigint
returning fence;
