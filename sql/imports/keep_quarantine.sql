-- Keeps the rows of `refused` with their reasons. $1 bigint: import_id. Returns code, reason (with one example), rows.
with kept as (
  insert into quarantine (import_id, row_number, code, reason, content)
  select $1, row_number, code, case code
      when 'MISSING_VALUE' then 'no ' || named
      when 'NOT_AN_INSTANT' then format('%s is not an instant ("%s")', named, example)
      when 'TOO_FAR_AHEAD' then format('%s is more than ten years ahead ("%s")', named, example)
      when 'TOO_LONG' then named || ' is longer than 1000 bytes'
      when 'NAME_TOO_LONG' then 'the name of a value is longer than 500 bytes'
      when 'EVENT_ID_CONFLICT' then 'same event_id as an event that says something else'
      when 'NOT_AN_OBJECT' then 'not a JSON object'
      when 'RESERVED_NAME' then 'the name "@account" is Tideline''s own'
      when 'TOO_DEEP' then 'holds more than 5000 lists and objects'
      when 'UNREADABLE_TEXT' then coalesce(named, 'holds a NUL or other text that can''t be stored')
      when 'MALFORMED_ROW' then coalesce(named, 'not JSON')
    end,
    jsonb_strip_nulls(jsonb_build_object('event_id', event_id, 'lead_id', lead_id, 'account_id', account_id,
      'type', type, 'occurred_at', occurred_at, 'first_seen_at', first_seen_at, 'changed_at', changed_at))
    || case
      when not pg_input_is_valid(rest, 'jsonb') then jsonb_build_object('row', rest)
      when rest is json object then rest::jsonb
      else jsonb_build_object('row', rest::jsonb)
    end
  from refused
  order by row_number
  returning row_number, code, reason
)
select code, grouped.reason, rows
from (
  select code, split_part(reason, '(', 1) as said, (array_agg(reason order by row_number))[1] as reason, count(*) as rows
  from kept group by 1, 2
) as grouped
order by rows desc, code
