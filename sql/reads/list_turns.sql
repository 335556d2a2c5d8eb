-- When what hands say of a lead begins or ends, later than an instant. $1 internal id bigint, $2 instant timestamptz,
-- $3 horizon xid8: what was said above it is not known. Columns: segment, at.
select s.key as segment, to_char(turn.at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
from segment_list l
join segments s using (segment_id)
cross join lateral (
  values (l.from_at), (case when l.until_xid < $3::xid8 then l.until_at end)
) as turn (at)
where l.lead_id = $1::bigint and l.ingest_xid < $3::xid8 and turn.at > $2::timestamptz
order by turn.at, s.key
