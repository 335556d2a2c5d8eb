-- A full run looks at all leads, and at those that the run before saw, or was to look at again, and that are gone.
create temporary view looked_at as
select lead_id from leads
union all
select lead_id from lead_state s
where (present or due_at is not null) and not exists (select from leads l where l.lead_id = s.lead_id);
