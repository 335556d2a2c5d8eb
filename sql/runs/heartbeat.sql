-- Prolongs a lease that is still one's own, and notes how far its run has come, for whoever wonders what it is at.
-- $1 fence bigint, $2 seconds int, $3 steps jsonb (null: nobody tells). No row: the lease is lost, or the run is being
-- applied: then the row is locked and nobody can take it. Waiting for that would hold one connection after the other.
with noted as (
  update runs set steps = $3::jsonb
  where $3::jsonb is not null and run_id in (
    select r.run_id from runs r join run_lease l using (run_id)
    where l.fence = $1::bigint and r.status = 'running'
    for update of r skip locked
  )
)
update run_lease
set lease_until = clock_timestamp() + make_interval(secs => $2::int)
where only_row in (select only_row from run_lease where fence = $1::bigint for update skip locked)
returning fence;
