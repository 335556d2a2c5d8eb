-- Ids of events that got other values after a horizon. Setting tideline.columnar: {"horizon": xid8 as text}.
copy (
  select event_id from events
  where ingest_xid >= (select (current_setting('tideline.columnar')::jsonb ->> 'horizon')::xid8)
) to stdout (format csv)
