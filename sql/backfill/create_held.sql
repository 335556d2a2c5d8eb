-- Who is in at the instant that was computed last.
create temporary table held_member (segment_id bigint, lead_id bigint, primary key (segment_id, lead_id));
