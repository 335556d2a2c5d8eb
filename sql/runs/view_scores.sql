-- Until the run's transaction writes them, its own days stand beside those that are written already: tables of this
-- session come first in every search path.
create temporary view score_history as
select lead_id, score, day, value, level from score_history
union all
select lead_id, score, day, value, level from staged_score_day;
