-- Segments whose definition was changed, paused or archived since this run began are left out. Returns their ids. None of
-- the others changes any more until the run is applied: whoever wants to waits.
with held as materialized (
  select segment_id, version, status from segments
  where segment_id in (select segment_id from planned) order by segment_id for share
),
gone as (
  select p.segment_id, p.version
  from planned p join held s using (segment_id)
  where s.version <> p.version or s.status <> 'active'
),
kept as (delete from planned where segment_id in (select segment_id from gone)),
dropped as (delete from staged_change where segment_id in (select segment_id from gone))
select segment_id, version from gone;
