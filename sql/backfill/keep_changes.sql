-- Keeps what changed at one instant. $1 as_of timestamptz.
insert into backfilled_change (segment_id, lead_id, as_of, change, version)
select segment_id, lead_id, $1::timestamptz, change, version from staged_change;
