-- Steps the held state forward: those who entered.
insert into held_member (segment_id, lead_id)
select segment_id, lead_id from staged_change where change = 'entered';
