-- Makes `event_ids`: an id for each row of `staged` without one, from a hash of what it says and its ordinal among the
-- rows that say the same. So a file taken twice gives the same ids, and two equal rows of one file two.
-- $1 text: time zone. The hash is of the values as written, so that a type set later in the catalog changes no id.
create temp table event_ids as
select row_number, '#' || digest || '-' || row_number() over (partition by digest order by row_number) as event_id
from (
  select s.row_number, encode(substr(sha256(convert_to(
    jsonb_build_array(s.lead_id, s.type, as_instant(s.occurred_at, $1), d.said)::text, 'UTF8')), 1, 16), 'hex') as digest
  from staged s
  join (
    select type, rest, iso, said - coalesce(removed, '{}') as said
    from documents join typed using (document)
  ) d on d.type = s.type and d.rest = s.rest and d.iso = s.iso
  where coalesce(s.event_id, '') = ''
) as hashed
