-- Makes `typed`: per document what is stored (every value of the type that the catalog has for its name, or else as
-- the text it was; lists, objects and single values among json as they are) and the names whose value is missing. The
-- same as as_typed does.
-- $1 text: lead, account or event. $2 text: time zone of instants that name none.
create temp table typed as
select d.document, case when v.read is null then d.said - r.removed else d.said - r.removed || v.read end as stored, r.removed
from documents d
left join (
  -- Text that is to be text needs no reading.
  select n.event_type, array_agg(n.name) as names, array_agg(c.type) as types
  from named n join catalog c on c.subject = $1 and c.event_type = n.event_type and c.name = n.name
  where c.type in ('number', 'range', 'boolean', 'instant', 'json') or n.bare
  group by n.event_type
) c on c.event_type = d.type
cross join lateral (
  select case when d.gaps then array(
    select e.key from jsonb_each_text(d.said) as e where e.value is null or e.value in ('', '[]')) else '{}' end as removed
  offset 0
) as r
cross join lateral (
  select jsonb_object_agg(u.name, coalesce(case u.type
    when 'number' then to_jsonb(as_number(u.value))
    when 'range' then to_jsonb(as_range(u.value))
    when 'boolean' then case lower(u.value) when 'true' then to_jsonb(true) when 'false' then to_jsonb(false) end
    when 'instant' then to_jsonb(to_char(
      as_instant(coalesce(d.iso ->> u.name, u.value), $2) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
    when 'json' then as_json(u.value)
  end, to_jsonb(u.value))) as read
  from (
    select name, type, d.said ->> name as value from unnest(c.names, c.types) as t(name, type) offset 0
  ) as u
  where u.value not in ('', '[]')
    and (u.value !~~ all (array['[%', '{%']) or jsonb_typeof(d.said -> u.name) not in ('array', 'object'))
    and (u.type <> 'json' or jsonb_typeof(d.said -> u.name) = 'string')
) as v
