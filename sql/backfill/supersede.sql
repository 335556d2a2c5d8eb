-- Segments whose definition was changed, paused or archived meanwhile are left out; of what was current then nothing is.
-- $1 run_id bigint, $2 boolean: by the versions of then. Returns which.
with gone as (
  select distinct k.segment_id, k.version, s.key
  from backfill_chunk k join segments s using (segment_id)
  where k.run_id = $1::bigint and not $2::boolean and (s.version <> k.version or s.status <> 'active')
),
chunks as (delete from backfill_chunk where run_id = $1::bigint and segment_id in (select segment_id from gone)),
changes as (delete from backfill_change where run_id = $1::bigint and segment_id in (select segment_id from gone)),
stats as (delete from backfill_stats where run_id = $1::bigint and segment_id in (select segment_id from gone)),
held as (delete from held_member where segment_id in (select segment_id from gone))
select segment_id, version, key from gone order by key;
