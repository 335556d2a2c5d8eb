-- Throws away what nobody will go on with: another of this kind, or one that was left a day ago. $1 asked jsonb (null:
-- only the latter), $2 run_id bigint of the one that goes on (null: none). Returns run_id of each.
delete from backfills
where run_id is distinct from $2::bigint
  and (asked = $1::jsonb or seen_at < clock_timestamp() - interval '1 day')
  and not exists (
    select from pg_stat_activity a
    where a.pid = backfills.backend_pid and coalesce(a.backend_start = backfills.backend_start, true)
      and a.pid <> pg_backend_pid()
  )
returning run_id;
