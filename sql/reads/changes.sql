-- Who entered a segment and who left it, newest first. $1 segment_id bigint, $2 from and $3 to timestamptz (excluded),
-- $4 limit int. Columns: as_of, lead_id, change, cause, version (of the definition), run_id.
select to_char(c.as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as as_of, l.external_id as lead_id, c.change, c.cause,
  c.version, c.run_id
from membership_change c
join leads l using (lead_id)
where c.segment_id = $1::bigint and c.as_of >= $2::timestamptz and c.as_of < $3::timestamptz
order by c.as_of desc, l.external_id
limit $4::int
