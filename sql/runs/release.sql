-- Gives the lease back. $1 fence bigint.
update run_lease
set lease_until = null, owner = null, backend_pid = null, backend_start = null, run_id = null
where fence = $1::bigint;
