-- How many members of each segment had converted, beside all leads, as of the newest roll-up.
-- $1 keys text[] (null: all), $2 as_of timestamptz (null: now): the newest by then. Of the past, segments that were
-- archived since are among them.
-- Columns: segment, as_of, members, converted, rate, leads, leads_converted, base_rate, lift (rate / base_rate).
with newest as (
  select max(as_of) as as_of from segment_conversion where coalesce(as_of <= $2::timestamptz, true)
),
everyone as (
  select leads, leads_converted from segment_conversion c join newest using (as_of) limit 1
)
select s.key as segment, to_char(newest.as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as as_of,
  case when newest.as_of is not null then coalesce(c.members, 0) end as members, c.converted,
  round(c.converted::numeric / nullif(c.members, 0), 6) as rate,
  e.leads, e.leads_converted, round(e.leads_converted::numeric / nullif(e.leads, 0), 6) as base_rate,
  round((c.converted::numeric / nullif(c.members, 0)) / nullif(e.leads_converted::numeric / nullif(e.leads, 0), 0), 2)
    as lift
from segments s
cross join newest
left join everyone e on true
left join segment_conversion c on c.segment_id = s.segment_id and c.as_of = newest.as_of
where (s.status <> 'archived' or ($2::timestamptz is not null and (c.as_of is not null or $1::text[] is not null)))
  and ($1::text[] is null or s.key = any($1::text[]))
order by lift desc nulls last, s.key
