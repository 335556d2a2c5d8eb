-- An incremental run compares with membership as it stands, of the leads it looks at.
create temporary view held_member as
select m.segment_id, m.lead_id from membership m join candidate using (lead_id);
