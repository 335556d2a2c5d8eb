-- The aliases of events.yaml. Columns: name, definition, zone.
select name, definition, zone from event_aliases order by name
