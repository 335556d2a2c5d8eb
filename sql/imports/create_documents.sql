-- Makes `documents`: each distinct set of properties (of one event type) or attributes in `staged` once, so that the
-- work on values is done once for all rows that say the same. problem: why such a row can't be taken.
create temp table documents as
select row_number() over () as document, type, rest, iso, said, iso::jsonb as said_iso, case
  when said is null then 'UNREADABLE_TEXT'
  when jsonb_typeof(said) <> 'object' then 'NOT_AN_OBJECT'
  when octet_length(rest) > 500 and exists (
    select from jsonb_object_keys(said) as name where octet_length(name) > 500) then 'NAME_TOO_LONG'
end as problem
from (
  select type, rest, iso, case when pg_input_is_valid(rest, 'jsonb') then rest::jsonb end as said
  from (select distinct coalesce(type, '') as type, rest, iso from staged) as different
  offset 0
) as parsed
