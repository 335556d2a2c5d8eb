-- The first statement of the transaction that applies a run: no row means that the lease was lost. $1 fence bigint.
-- A process that stands still from here on keeps others waiting for no longer than a minute.
select fence, set_config('idle_in_transaction_session_timeout', '60s', true) as stands_still
from run_lease where fence = $1::bigint and lease_until > clock_timestamp() for update;
