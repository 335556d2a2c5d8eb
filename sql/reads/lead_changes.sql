-- What changed for a lead in a time before an instant. $1 internal id bigint, $2 from and $3 to timestamptz (closed).
-- Columns: as_of, segment, change, cause.
select to_char(c.as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as as_of, s.key as segment, c.change, c.cause
from membership_change c
join segments s using (segment_id)
where c.lead_id = $1::bigint and c.as_of between $2::timestamptz and $3::timestamptz
order by c.as_of desc, s.key
