-- Steps the held state forward: those who left. Reads difference.
delete from held_member h using difference d
where d.change = 'left' and h.segment_id = d.segment_id and h.lead_id = d.lead_id;
