-- Where a backfill puts together the history it will write. Temporary: a killed one leaves nothing behind.
create temporary table held_member (segment_id bigint, lead_id bigint, primary key (segment_id, lead_id));
create temporary table backfilled_change (
  segment_id bigint, lead_id bigint, as_of timestamptz, change text, version integer,
  primary key (segment_id, lead_id, as_of)
);
create temporary table backfilled_stats (
  segment_id bigint, as_of timestamptz, members bigint, leads bigint, entered bigint, "left" bigint, score_sum numeric,
  primary key (segment_id, as_of)
);
-- Where each segment's rewritten history meets what stands after it; null if nothing does.
create temporary table seam (segment_id bigint primary key, as_of timestamptz);
