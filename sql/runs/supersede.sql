-- Segments whose definition was changed, paused, archived or put back since this run began are left out; until another
-- one evaluates them, they are as of the run before. $1 its as_of timestamptz (null: there was none). Returns their ids.
with gone as (
  select p.segment_id, p.version
  from planned p join segments s using (segment_id)
  where (s.version, s.status) <> (p.version, p.status)
),
rested as (
  update segment_state st set good_as_of = coalesce(st.good_as_of, $1::timestamptz)
  from gone where gone.segment_id = st.segment_id
),
kept as (delete from planned where segment_id in (select segment_id from gone)),
dropped as (delete from staged_change where segment_id in (select segment_id from gone))
select segment_id, version from gone;
