-- Whether any row was brought by another cluster: those that came here say so in their system column as well. After
-- pg_upgrade, which moves the files themselves, none was.
select exists (select from events where ingest_xid::xid <> xmin)
  or exists (select from attribute_change where ingest_xid::xid <> xmin)
  or exists (select from leads where changed_xid::xid <> xmin and ingest_xid::xid <> xmin)
  or exists (select from accounts where ingest_xid::xid <> xmin) as foreign;
