-- Lists and objects that are written as text, as a field of a CSV file has them, become what they say.

-- A list or an object in JSON. What holds a thousand others could be nested deeper than the parser goes; where it is
-- not JSON, or none of these two, it is text like any other. concat() keeps the planner from reading a constant early.
create function as_json(value text) returns jsonb language sql stable
return case
  when value !~~ all (array['[%', '{%']) or length(value) - length(translate(value, '[{', '')) > 1000 then null
  when pg_input_is_valid(value, 'jsonb') then concat(value)::jsonb
end;

-- What the door stores for a value of a name that has this type; of one that is not of the type, its text. Lists and
-- objects stay as they are, and so does any single value among json.
create or replace function as_typed(value jsonb, type text, zone text) returns jsonb language sql stable
return case
  when type = 'json' and jsonb_typeof(value) = 'string' then coalesce(as_json(value #>> '{}'), value)
  when type = 'json' or jsonb_typeof(value) in ('array', 'object', 'null') then value
  else coalesce(
    case type
      when 'number' then to_jsonb(as_number(value #>> '{}'))
      when 'range' then to_jsonb(as_range(value #>> '{}'))
      when 'boolean' then case lower(value #>> '{}') when 'true' then to_jsonb(true) when 'false' then to_jsonb(false) end
      when 'instant' then to_jsonb(to_char(
        as_instant(value #>> '{}', zone) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
    end,
    to_jsonb(value #>> '{}'))
end;

-- Whether a stored value is of a type. One that is not counts as missing; among json it is a single value, and counts
-- as a list of one. Null for what is missing anyway.
create or replace function is_typed(value jsonb, type text) returns boolean language sql immutable
return case
  when value is null or value in ('null', '""', '[]') then null
  when type = 'json' then jsonb_typeof(value) in ('array', 'object')
  when type in ('number', 'range') then
    case when jsonb_typeof(value) = 'number' then abs(value::numeric) < 1e22 else false end
  when type = 'boolean' then jsonb_typeof(value) = 'boolean'
  when type = 'instant' then
    jsonb_typeof(value) = 'string' and value #>> '{}' ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.]\d{6}Z$'
  else jsonb_typeof(value) = 'string'
end;

-- What a value says, whichever type it was stored or read as: two that agree in this were written for one another.
create or replace function as_said(value jsonb, zone text) returns jsonb language sql stable
return case
  when jsonb_typeof(value) in ('array', 'object', 'null') then value
  else coalesce(
    to_jsonb(as_range(value #>> '{}')),
    to_jsonb(as_instant(value #>> '{}', zone)),
    as_json(value #>> '{}'),
    to_jsonb(case when lower(value #>> '{}') in ('true', 'false') then lower(value #>> '{}') else value #>> '{}' end))
end;
