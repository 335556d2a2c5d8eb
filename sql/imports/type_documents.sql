-- Makes `typed`: per document what is stored (every value of the type that the catalog has for its name, or else as
-- the text it was) and the names whose value is missing.
-- $1 text: lead, account or event. $2 text: time zone of instants that name none.
create temp table typed as
select d.document, coalesce(t.stored, '{}') as stored, coalesce(t.removed, '{}') as removed
from documents d
left join (
  select event_type, jsonb_object_agg(name, type) as types from catalog where subject = $1 group by event_type
) c on c.event_type = d.type
cross join lateral (
  select
    jsonb_object_agg(e.key, case
      when jsonb_typeof(e.value) in ('array', 'object') then e.value
      else coalesce(case c.types ->> e.key
        when 'number' then to_jsonb(as_number(e.text))
        when 'boolean' then case lower(e.text) when 'true' then to_jsonb(true) when 'false' then to_jsonb(false) end
        when 'instant' then to_jsonb(to_char(as_instant(coalesce(d.iso ->> e.key, e.text), $2) at time zone 'UTC',
          'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
      end, to_jsonb(e.text))
    end) filter (where not e.missing) as stored,
    array_agg(e.key) filter (where e.missing) as removed
  from (
    select key, value, value #>> '{}' as text, value in ('null', '""', '[]') as missing
    from jsonb_each(d.said) offset 0
  ) as e
) as t
