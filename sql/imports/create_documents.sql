-- Makes `documents`: what `said` holds, read. problem: why rows that say it can't be taken.
create temp table documents as
select document, type, said, iso, case
  when said is null then 'UNREADABLE_TEXT'
  when jsonb_typeof(said) <> 'object' then 'NOT_AN_OBJECT'
  when length > 500 and exists (
    select from jsonb_object_keys(said) as name where octet_length(name) > 500) then 'NAME_TOO_LONG'
end as problem
from (
  select document, type, case when pg_input_is_valid(rest, 'jsonb') then rest::jsonb end as said, iso::jsonb as iso,
    octet_length(rest) as length
  from said
  offset 0
) as parsed
