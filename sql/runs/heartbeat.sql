-- Prolongs a lease that is still one's own. $1 fence bigint, $2 seconds int. No row: it is lost, or the run is being
-- applied: then the row is locked and nobody can take it. Waiting for that would hold one connection after the other.
update run_lease
set lease_until = clock_timestamp() + make_interval(secs => $2::int)
where only_row in (select only_row from run_lease where fence = $1::bigint for update skip locked)
returning fence;
