-- How many members of each segment had converted by as_of, beside all leads. Runs on DuckDB.
-- $1 as_of timestamp. Reads events(lead_id, type, occurred_at), membership(segment_id, lead_id),
-- leads(lead_id, first_seen_at), conversion_types(type).
-- Columns: segment_id, as_of, members, converted, leads, leads_converted.
with converted as (
  select distinct lead_id
  from events semi join conversion_types using (type)
  where occurred_at <= cast($1 as timestamp)
),
-- A lead exists from when it was first seen, or from its first event if that was earlier.
existing as (
  select lead_id from leads where first_seen_at <= cast($1 as timestamp)
  union
  select lead_id from leads semi join (
    select lead_id from events where occurred_at <= cast($1 as timestamp)
  ) using (lead_id)
),
everyone as (
  select count(*) as leads, count(c.lead_id) as leads_converted
  from existing e left join converted c using (lead_id)
)
select m.segment_id, cast($1 as timestamp) as as_of,
  count(*) as members, count(c.lead_id) as converted,
  any_value(everyone.leads) as leads, any_value(everyone.leads_converted) as leads_converted
from membership m
left join converted c using (lead_id)
cross join everyone
group by m.segment_id
order by m.segment_id
