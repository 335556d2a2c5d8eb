-- Who is in which segment now. The user's own ids.
create or replace view current_members as
select s.key as segment, l.external_id as lead_id, m.since, sc.value as score, sc.level
from membership m
join segments s using (segment_id)
join leads l using (lead_id)
left join lead_scores sc on sc.lead_id = m.lead_id and sc.score = 'engagement';
comment on view current_members is 'Who is in which segment now, since when, and how hot they are.';
comment on column current_members.segment is 'Key of the segment.';
comment on column current_members.lead_id is 'The lead''s own id, as it was imported.';
comment on column current_members.since is 'As of which run the lead entered.';
comment on column current_members.score is 'Engagement score as of the last run.';
comment on column current_members.level is 'Level of that score.';
