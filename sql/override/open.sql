-- What hands say of some leads and still holds. $1 segment_id bigint, $2 external ids text[], $3 instant timestamptz.
-- Columns: lead_id (external), list, until.
select l.external_id as lead_id, o.list, to_char(o.until_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as until
from segment_list o join leads l using (lead_id)
where o.segment_id = $1::bigint and o.list <> 'members' and l.external_id = any($2::text[])
  and o.from_at <= $3::timestamptz and coalesce(o.until_at > $3::timestamptz, true)
