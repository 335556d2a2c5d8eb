-- The leads that the ids name.
insert into snapshot_member (lead_id)
select l.lead_id from leads l where l.external_id in (select id from snapshot_id)
