-- Makes `named`: every name that `documents` gives a value to, and for those that the catalog does not have yet the
-- type that all their values have. bare: some are numbers or booleans of JSON.
-- $1 text: lead, account or event. $2 text: time zone of instants that name none. $3 boolean: all values are text.
create temp table named as
select type as event_type, key as name, (bits & 32) > 0 as bare, case
  when known then null
  when (bits & 16) > 0 or (bits & 79) = 64 then 'json'
  when (bits & 15) = 1 then 'number'
  when (bits & 15) = 2 then 'boolean'
  when (bits & 15) = 4 then 'instant'
  else 'text'
end as type
from (
  -- One bit for each kind of value that there is: one number for all values of a name.
  select d.type, e.key, coalesce(c.names ? e.key, false) as known, bit_or(
    case when $3 then 0 else case jsonb_typeof(d.said -> e.key)
      when 'array' then 16 when 'object' then 16 when 'number' then 32 when 'boolean' then 32 else 0 end
    end
    | case
      when c.names ? e.key then 0
      when as_number(e.value) is not null then 1
      when length(e.value) in (4, 5) and lower(e.value) in ('true', 'false') then 2
      when d.iso ? e.key and d.iso ->> e.key is not null then 4
      when e.value ~~ '____-__-__%' and as_instant(e.value, $2) is not null then 4
      when as_json(e.value) is not null then 64
      else 8
    end) as bits
  from documents d
  left join (
    select event_type, jsonb_object_agg(name, true) as names from catalog where subject = $1 group by event_type
  ) c on c.event_type = d.type
  cross join lateral jsonb_each_text(d.said) as e
  where e.value not in ('', '[]')
  group by d.type, e.key, known
) as seen
