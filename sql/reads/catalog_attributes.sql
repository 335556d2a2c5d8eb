-- The attributes of leads or accounts, and on how many of them each is known. $1 'lead' or 'account' text.
-- Columns: name, type, known, of (how many there are).
with values_now as (
  select attributes from leads where $1::text = 'lead'
  union all
  select attributes from accounts where $1::text = 'account'
),
counted as (
  select e.key as name, count(*) as known
  from values_now cross join lateral jsonb_each(attributes) e
  where e.value not in ('null', '""', '[]')
  group by e.key
)
select c.name, c.type, coalesce(n.known, 0) as known, (select count(*) from values_now) as "of"
from catalog c left join counted n using (name)
where c.subject = $1::text
order by c.name
