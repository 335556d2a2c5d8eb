-- Steps the held state forward: those who entered. Reads difference.
insert into held_member (segment_id, lead_id)
select segment_id, lead_id from difference where change = 'entered';
