-- The event types, how many events there are of each, and of how many leads. Columns: type, channel, activity,
-- conversion, events, leads, of (how many leads there are), properties.
select t.type, t.channel, t.activity, t.conversion, coalesce(e.events, 0) as events, coalesce(e.leads, 0) as leads,
  (select count(*) from leads) as "of", coalesce(c.properties, 0) as properties
from event_types t
left join (
  select type, sum(times)::bigint as events, count(*) as leads
  from (select type, lead_id, count(*) as times from events group by type, lead_id) as each_lead
  group by type
) e using (type)
left join (
  select event_type, count(*) as properties from catalog where subject = 'event' group by event_type
) c on c.event_type = t.type
order by t.type
