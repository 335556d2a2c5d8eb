-- Out of Postgres: who is in the segments that this run evaluates. Columns: segment_id, lead_id.
select m.segment_id, m.lead_id from held_member m join planned p using (segment_id)
