-- Makes `documents`: what `said` holds, read. problem: why rows that say it can't be taken. gaps: it may hold names
-- without a value (null, empty text, the empty list); a guess at their text, which spares most the search.
-- $1 boolean: all of it is JSON made of text, so that it needs no check.
create temp table documents as
select document, type, said, iso, gaps, case
  when said is null then 'UNREADABLE_TEXT'
  when jsonb_typeof(said) <> 'object' then 'NOT_AN_OBJECT'
  when said ? '@account' then 'RESERVED_NAME'
  when length > 500 and exists (
    select from jsonb_object_keys(said) as name where octet_length(name) > 500) then 'NAME_TOO_LONG'
end as problem
from (
  select document, type, case when $1 or pg_input_is_valid(rest, 'jsonb') then rest::jsonb end as said, iso::jsonb as iso,
    octet_length(rest) as length, rest ~~ any (array['%null%', '%""%', '%[]%', '%[ ]%']) as gaps
  from said
  offset 0
) as parsed
