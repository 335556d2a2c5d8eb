-- Keeps what changed at one instant. A row that is recorded already and says the same stays as it is: its cause, its
-- version, its run. $1 run_id bigint, $2 as_of timestamptz. Reads difference, planned.
insert into backfill_change (run_id, segment_id, lead_id, as_of, change, cause, version, by_run_id, seam)
select $1::bigint, d.segment_id, d.lead_id, $2::timestamptz, d.change,
  coalesce(r.cause, 'backfill'), coalesce(r.version, p.version), coalesce(r.run_id, $1::bigint), false
from difference d
join planned p using (segment_id)
left join recorded_change r
  on r.segment_id = d.segment_id and r.lead_id = d.lead_id and r.as_of = $2::timestamptz and r.change = d.change;
