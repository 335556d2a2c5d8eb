-- Those who are to be on the list no more. $1 segment_id bigint, $2 instant timestamptz.
update segment_list o set until_at = $2::timestamptz, until_xid = pg_current_xact_id()
where o.segment_id = $1::bigint and o.list = 'members' and o.until_at is null
  and not exists (select from snapshot_member m where m.lead_id = o.lead_id)
