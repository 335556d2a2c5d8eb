-- Steps the held state forward: those who left.
delete from held_member h using staged_change c
where c.change = 'left' and h.segment_id = c.segment_id and h.lead_id = c.lead_id;
