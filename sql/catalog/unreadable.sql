-- The values of `retyped` that will not be of the type, most frequent first. $1 int: how many. Columns: value, count,
-- different (how many there are in all).
select left(value #>> '{}', 60) as value, now as count, count(*) over () as different
from retyped
where not will and now > 0
order by now desc, value
limit $1::int
