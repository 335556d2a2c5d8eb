-- Since when each member is in follows the history. $1 run_id bigint.
update membership m
set since = c.as_of
from (
  select segment_id, lead_id, max(as_of) as as_of
  from membership_change
  where change = 'entered' and segment_id in (select segment_id from backfill_chunk where run_id = $1::bigint)
  group by segment_id, lead_id
) as c
where m.segment_id = c.segment_id and m.lead_id = c.lead_id and m.since <> c.as_of;
