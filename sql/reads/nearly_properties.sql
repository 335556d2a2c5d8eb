-- Stored texts of one event property that differ from a wanted one in spaces, accents or case alone, by how many leads
-- have such events. $1 event types or null text[], $2 types left out or null text[], $3 beginning of types or null text,
-- $4 the way to it, its name first text[], $5 wanted texts text[].
-- Columns: wanted, stored, leads; most leads first.
with texts as (
  select item #>> '{}' as text, count(distinct lead_id) as leads
  from events
  cross join lateral (select properties #> $4::text[] as value) at
  cross join lateral jsonb_array_elements(
    case jsonb_typeof(value) when 'array' then value else jsonb_build_array(value) end) as element(item)
  where ($1::text[] is null or type = any($1::text[]))
    and ($2::text[] is null or type <> all($2::text[]))
    and ($3::text is null or starts_with(type, $3::text))
    and jsonb_typeof(item) = 'string'
  group by 1
),
compared as (
  select text, leads, null::text as wanted from texts
  union all
  select null, null, unnest($5::text[])
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
