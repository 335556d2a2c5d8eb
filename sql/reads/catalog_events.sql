-- The event types, and how many events there are of each. Columns: type, channel, activity, conversion, events, properties.
select t.type, t.channel, t.activity, t.conversion, coalesce(e.events, 0) as events, coalesce(c.properties, 0) as properties
from event_types t
left join (select type, count(*) as events from events group by type) e using (type)
left join (
  select event_type, count(*) as properties from catalog where subject = 'event' group by event_type
) c on c.event_type = t.type
order by t.type
