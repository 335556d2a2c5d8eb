-- Makes `event_ids`: an id for each row of `incoming` without one, from a hash of what it says and its ordinal among the
-- rows that say the same. So a file taken twice gives the same ids, and two equal rows of one file two.
-- The hash is of the values as they were written, so that a type set later in the catalog changes no id.
create temp table event_ids as
select row_number,
  '#' || encode(digest, 'hex') || '-' || row_number() over (partition by digest order by row_number) as event_id
from (
  select i.row_number, substr(sha256(convert_to(
    octet_length(i.lead_id) || ':' || i.lead_id || octet_length(i.type) || ':' || i.type || i.occurred_at || d.bare,
    'UTF8')), 1, 16) as digest
  from incoming i
  join (
    select document, (said - removed)::text as bare from documents join typed using (document) offset 0
  ) d on d.document = i.document
  where i.event_id is null
) as hashed
