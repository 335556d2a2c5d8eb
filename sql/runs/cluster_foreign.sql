-- Whether any row was brought by another cluster: those that came here say so in their system column as well. After
-- pg_upgrade, which moves the files themselves, none was. Leads and accounts are asked only where there is nothing else:
-- whoever updates one leaves the id of when it came.
select case
  when exists (select from events) or exists (select from attribute_change) then
    exists (select from events where ingest_xid::xid <> xmin)
    or exists (select from attribute_change where ingest_xid::xid <> xmin)
  else
    exists (select from leads where changed_xid::xid <> xmin and ingest_xid::xid <> xmin)
    or exists (select from accounts where ingest_xid::xid <> xmin)
end as foreign;
