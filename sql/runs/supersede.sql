-- Segments whose definition was changed, paused, archived or put back since this run began are left out. Returns their
-- ids.
with gone as (
  select p.segment_id, p.version
  from planned p join segments s using (segment_id)
  where (s.version, s.status) <> (p.version, p.status)
),
kept as (delete from planned where segment_id in (select segment_id from gone)),
dropped as (delete from staged_change where segment_id in (select segment_id from gone))
select segment_id, version from gone;
