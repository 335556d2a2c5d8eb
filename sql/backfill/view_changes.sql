-- What conditions on history read meanwhile: in the ranges that are rewritten, what was computed anew.
-- The setting tideline.backfill says whose.
create temporary view membership_change as
select segment_id, lead_id, as_of, change, cause, version, run_id
from recorded_change m
where not exists (
  select from backfill_chunk k
  where k.run_id = current_setting('tideline.backfill')::bigint and k.segment_id = m.segment_id
    and ((m.as_of >= k.from_at and m.as_of < k.until_at) or (k.settled and m.as_of = k.seam_at))
)
union all
select segment_id, lead_id, as_of, change, cause, version, by_run_id
from backfill_change
where run_id = current_setting('tideline.backfill')::bigint;
