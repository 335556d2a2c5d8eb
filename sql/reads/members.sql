-- Who is in a segment now, hottest first. $1 key text, $2 limit int.
-- Columns: lead_id, since, score, level, total (members in all).
select lead_id, to_char(since, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as since, score, level, count(*) over () as total
from current_members
where segment = $1::text
order by score desc nulls last, lead_id
limit $2::int
