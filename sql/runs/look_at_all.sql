-- A full run looks at all leads.
create temporary view looked_at as select lead_id from leads;
