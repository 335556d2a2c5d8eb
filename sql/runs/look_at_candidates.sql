-- An incremental run looks at the leads that can have changed.
create temporary view looked_at as select lead_id from candidate;
