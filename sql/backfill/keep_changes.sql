-- Keeps what changed at one instant: a hand's doing stays that. A row that is recorded already and says the same stays as
-- it is: its cause, its version, its run. $1 run_id bigint, $2 as_of timestamptz.
insert into backfill_change (run_id, segment_id, lead_id, as_of, change, cause, version, by_run_id, seam)
select $1::bigint, c.segment_id, c.lead_id, $2::timestamptz, c.change,
  coalesce(r.cause, case c.cause when 'manual' then c.cause else 'backfill' end), coalesce(r.version, c.version),
  coalesce(r.run_id, $1::bigint), false
from staged_change c
left join recorded_change r
  on r.segment_id = c.segment_id and r.lead_id = c.lead_id and r.as_of = $2::timestamptz and r.change = c.change;
