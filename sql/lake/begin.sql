-- Announces a new generation of a lake. $1 lake uuid, $2 folder text. Columns: generation, token (that of the last
-- write that ended), pending (this one's), begun (the one announced before, if it never ended), now,
-- system_identifier.
with before as (select pending from lakes where lake = $1::uuid), forgotten as (
  delete from lakes
  where lake <> $1::uuid and coalesce(written_at, begun_at) < clock_timestamp() - interval '30 days'
), announced as (
  insert into lakes (lake, folder, generation, pending, begun_at)
  values ($1::uuid, $2::text, 1, gen_random_uuid(), clock_timestamp())
  on conflict (lake) do update
    set folder = excluded.folder, generation = lakes.generation + 1, pending = excluded.pending,
      begun_at = excluded.begun_at
  returning generation, token, pending
)
select generation, token, announced.pending, (select pending from before) as begun,
  to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as now,
  system_identifier::text
from announced cross join pg_control_system()
