-- Which segments a lead is in as of the last run. $1 internal id bigint.
-- Columns: segment, since, cause (of the entry, if it is recorded).
select s.key as segment, to_char(m.since, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as since, c.cause
from membership m
join segments s using (segment_id)
left join membership_change c
  on c.segment_id = m.segment_id and c.lead_id = m.lead_id and c.as_of = m.since and c.change = 'entered'
where m.lead_id = $1::bigint and s.status <> 'archived'
order by s.key
