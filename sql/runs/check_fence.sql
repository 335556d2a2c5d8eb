-- The first statement of the transaction that applies a run: no row means that the lease was lost. $1 fence bigint.
select fence from run_lease where fence = $1::bigint and lease_until > clock_timestamp() for update;
