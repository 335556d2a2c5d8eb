-- Stored texts of one attribute that differ from a wanted one in spaces, accents or case alone, by how many leads have
-- them now. $1 'lead' or 'account' text, $2 the way to it, its name first text[], $3 wanted texts text[].
-- Columns: wanted, stored, leads; most leads first.
with stored as (
  select attributes #> $2::text[] as value from leads where $1::text = 'lead'
  union all
  select a.attributes #> $2::text[] from leads join accounts a using (account_id) where $1::text = 'account'
),
texts as (
  select item #>> '{}' as text, count(*) as leads
  from stored
  cross join lateral jsonb_array_elements(
    case jsonb_typeof(value) when 'array' then value else jsonb_build_array(value) end) as element(item)
  where jsonb_typeof(item) = 'string'
  group by 1
),
compared as (
  select text, leads, null::text as wanted from texts
  union all
  select null, null, unnest($3::text[])
),
bare as (
  select *, regexp_replace(normalize(lower(coalesce(text, wanted) collate pg_c_utf8), NFD),
    '[\s\u00a0\u200b-\u200d\ufeff\u0300-\u036f]', '', 'g') as core
  from compared
)
select asked.wanted, known.text as stored, known.leads
from bare asked
join bare known using (core)
where asked.wanted is not null and known.text <> asked.wanted
order by known.leads desc, known.text
