-- How hot each lead is now, and how hot it has been at most.
create or replace view current_scores as
select s.score, l.external_id as lead_id, s.value, s.level, s.changed_as_of as since,
  greatest(s.value, s.max_value) as max_value,
  case when s.max_value >= s.value then s.max_day else (s.changed_as_of at time zone 'UTC')::date end as max_day
from lead_scores s join leads l using (lead_id);
comment on view current_scores is 'How each lead''s scores stand now, and the most points it ever had: at the ends of UTC days, and now.';
comment on column current_scores.score is 'Name of the score.';
comment on column current_scores.lead_id is 'The lead''s own id, as it was imported.';
comment on column current_scores.value is 'Points as of the last run, exactly.';
comment on column current_scores.level is 'Level of that score; null where scoring.yaml gives it none.';
comment on column current_scores.since is 'As of which run it is so much.';
comment on column current_scores.max_value is 'The most points so far.';
comment on column current_scores.max_day is 'The first UTC day at whose end it had so many; where it has them only now, the day of the run that saw it.';
