-- Who is to be on a static segment's list. Temporary: nothing is left of a snapshot that fails.
create temporary table snapshot_member (lead_id bigint primary key) on commit drop;
-- The ids of a file, in their order; null where a row has none.
create temporary table snapshot_id (place bigint, id text collate "C") on commit drop;
