-- How each lead's scores went from day to day.
create or replace view score_trend as
select h.score, l.external_id as lead_id, h.day, h.value, h.level
from score_history h join leads l using (lead_id);
comment on view score_trend is 'How each lead''s scores stood at the end of UTC days: a row where anything but fading changed one, or its level changed.';
comment on column score_trend.score is 'Name of the score.';
comment on column score_trend.lead_id is 'The lead''s own id, as it was imported.';
comment on column score_trend.day is 'UTC day; the score is that of its end. Until the next row it only fades.';
comment on column score_trend.value is 'Points, exactly.';
comment on column score_trend.level is 'Level of that score; null where scoring.yaml gives it none.';
