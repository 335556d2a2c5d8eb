-- Leads that were removed, or whose beginning was moved, while the run was under way: it may have seen them so or so, and
-- none of it is drift. $1 horizon of this run xid8.
insert into candidate (lead_id, reason)
select lead_id, 'new' from leads where changed_xid >= $1::text::xid8
union all
select lead_id, 'removed' from tombstone where ingest_xid >= $1::text::xid8
on conflict do nothing;
