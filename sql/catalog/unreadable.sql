-- The values of `retyped` that will count as missing, most frequent first. $1 int: how many. Columns: value, count.
select left(value #>> '{}', 60) as value, now as count
from retyped
where not will and now > 0
order by now desc, value
limit $1::int
