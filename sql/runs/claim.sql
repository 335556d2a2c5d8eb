-- Claims the right to write, unless somebody else holds it: a lease on the database's clock whose session is alive.
-- $1 owner text, $2 lease in seconds int. Returns the new fence, or no row.
update run_lease
set fence = fence + 1,
  run_id = null,
  owner = $1::text,
  backend_pid = pg_backend_pid(),
  backend_start = (select a.backend_start from pg_stat_activity a where a.pid = pg_backend_pid()),
  lease_until = clock_timestamp() + make_interval(secs => $2::int)
-- Whoever is applying a run has the row locked: then it is held, however long they take. Waiting for the lock would be
-- waiting without an end.
where only_row in (select only_row from run_lease for update skip locked)
  and (lease_until is null
    or lease_until < clock_timestamp()
    -- Another role's session shows its pid only: it is taken to be alive.
    or not exists (
      select from pg_stat_activity a
      where a.pid = run_lease.backend_pid and coalesce(a.backend_start = run_lease.backend_start, true)
    ))
returning fence;
