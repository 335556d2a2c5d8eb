-- The first statement of the transaction that applies a run: no row means that the lease was lost. $1 fence bigint,
-- $2 lease in seconds int. A process that stands still from here on keeps others waiting for no longer than that.
select fence, set_config('idle_in_transaction_session_timeout', $2::int || 's', true) as stands_still
from run_lease where fence = $1::bigint and lease_until > clock_timestamp() for update;
