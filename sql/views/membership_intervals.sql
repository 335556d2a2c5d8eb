-- When each lead was in each segment: one row per stay, open while it lasts.
create or replace view membership_intervals as
select segment, lead_id, entered_as_of, left_as_of, entered_cause, left_cause
from (
  select s.key as segment, l.external_id as lead_id, c.change,
    c.as_of as entered_as_of, c.cause as entered_cause,
    lead(c.as_of) over stay as left_as_of, lead(c.cause) over stay as left_cause
  from membership_change c
  join segments s using (segment_id)
  join leads l using (lead_id)
  window stay as (partition by c.segment_id, c.lead_id order by c.as_of)
) as changes
where change = 'entered';
comment on view membership_intervals is 'When each lead was in each segment: one row per stay.';
comment on column membership_intervals.segment is 'Key of the segment.';
comment on column membership_intervals.lead_id is 'The lead''s own id, as it was imported.';
comment on column membership_intervals.entered_as_of is 'As of which run the lead entered.';
comment on column membership_intervals.left_as_of is 'As of which run it left; null while it is in.';
comment on column membership_intervals.entered_cause is 'Why it entered: definition, manual, repair, backfill, data or time.';
comment on column membership_intervals.left_cause is 'Why it left; null while it is in.';
