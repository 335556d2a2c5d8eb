-- Takes those who left out of membership.
delete from membership m using staged_change c
where c.change = 'left' and m.segment_id = c.segment_id and m.lead_id = c.lead_id;
