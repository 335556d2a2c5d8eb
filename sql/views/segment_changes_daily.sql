-- Who came and went: entries and exits per segment, UTC day and cause.
create or replace view segment_changes_daily as
select s.key as segment, (c.as_of at time zone 'UTC')::date as day, c.cause,
  count(*) filter (where c.change = 'entered') as entered,
  count(*) filter (where c.change = 'left') as "left"
from membership_change c join segments s using (segment_id)
group by s.segment_id, s.key, 2, c.cause;
comment on view segment_changes_daily is
  'Entries and exits of each segment, per UTC day and cause: one row where there were any.';
comment on column segment_changes_daily.segment is 'Key of the segment.';
comment on column segment_changes_daily.day is
  'UTC day in which the run''s instant lies: what the run of 00:00 found counts for the day that begins then.';
comment on column segment_changes_daily.cause is 'definition, manual, repair, backfill, data or time.';
comment on column segment_changes_daily.entered is 'How many entered.';
comment on column segment_changes_daily."left" is 'How many left.';
