-- Makes `retyped`: every value that a name has and had, what it becomes, and how often it is there (`now`) and stood in
-- the history (`past`). was, will: whether it is of the type before and after.
-- $1 text: lead, account or event. $2 text: event type, or ''. $3 text: name. $4 text: time zone of instants that name
-- none. $5 text: the type before. $6 text: the type after.
create temp table retyped on commit drop as
select value, now, past, typed, is_typed(value, $5) as was, is_typed(typed, $6) as will
from (
  select value, sum(now)::bigint as now, sum(past)::bigint as past, as_typed(value, $6, $4) as typed
  from (
    select attributes -> $3 as value, 1 as now, 0 as past from leads where $1 = 'lead' and attributes ? $3
    union all
    select attributes -> $3, 1, 0 from accounts where $1 = 'account' and attributes ? $3
    union all
    select properties -> $3, 1, 0 from events where $1 = 'event' and type = $2 and properties ? $3
    union all
    select value, 0, 1 from attribute_change where subject = $1 and attribute = $3 and value is not null
  ) as every
  group by value
) as read
