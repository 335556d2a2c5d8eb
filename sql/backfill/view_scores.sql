-- What conditions on the history of scores read meanwhile: on the days that are evaluated anew, what came of it.
-- The setting tideline.backfill says whose.
create temporary view score_history as
select lead_id, score, day, value, level
from recorded_score h
where not exists (
  select from backfill_day d
  where d.run_id = current_setting('tideline.backfill')::bigint and d.day = h.day and not d.seam
)
union all
select lead_id, score, day, value, level
from backfill_score
where run_id = current_setting('tideline.backfill')::bigint and not gone;
