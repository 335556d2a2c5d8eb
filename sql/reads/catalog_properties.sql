-- The properties of one event type, and on how many of its events each is known. $1 type text.
-- Columns: name, type, known, of (how many there are).
with of_type as (select properties from events where type = $1::text),
counted as (
  select p.key as name, count(*) as known
  from of_type cross join lateral jsonb_each(properties) p
  where p.value not in ('null', '""', '[]')
  group by p.key
)
select c.name, c.type, coalesce(n.known, 0) as known, (select count(*) from of_type) as "of"
from catalog c left join counted n using (name)
where c.subject = 'event' and c.event_type = $1::text
order by c.name
