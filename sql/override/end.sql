-- Ends what hands said of leads and still holds. $1 segment_id bigint, $2 external ids text[], $3 instant timestamptz.
-- Returns lead_id (external), list.
update segment_list o
set until_at = $3::timestamptz, until_xid = pg_current_xact_id()
from leads l
where o.segment_id = $1::bigint and o.list <> 'members' and l.lead_id = o.lead_id and l.external_id = any($2::text[])
  and coalesce(o.until_at > $3::timestamptz, true)
returning l.external_id as lead_id, o.list
