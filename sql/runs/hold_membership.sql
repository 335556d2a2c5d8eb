-- A full run compares with membership as it stands.
create temporary view held_member as select segment_id, lead_id from membership;
