-- What hands say of leads. $1 key text (null: of all segments), $2 boolean: what they said before as well.
-- Columns: segment, lead_id (external), override, from, until, by. Newest first.
select s.key as segment, l.external_id as lead_id, case o.list when 'added' then 'add' else 'remove' end as override,
  to_char(o.from_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as "from",
  to_char(o.until_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as until, o.created_by as by
from segment_list o
join segments s using (segment_id)
join leads l using (lead_id)
where o.list <> 'members' and s.status <> 'archived' and ($1::text is null or s.key = $1::text)
  and ($2::boolean or coalesce(o.until_at > clock_timestamp(), true))
order by s.key, o.from_at desc, l.external_id
