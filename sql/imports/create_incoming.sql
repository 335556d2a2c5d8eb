-- Makes `incoming`: the rows of `staged`, read. verdict: why a row can't be taken (code, what it is about, its value).
-- $1 text: events, leads or accounts. $2 text: time zone of instants that name none.
create temp table incoming as
select row_number, event_id, lead_id, account_id, type, occurred_at, first_seen_at, changed_at, document, case
  when problem is not null then array[problem, about, null]
  when $1 <> 'accounts' and coalesce(lead_id, '') = '' then array['MISSING_VALUE', 'lead_id', null]
  when $1 = 'accounts' and coalesce(account_id, '') = '' then array['MISSING_VALUE', 'account_id', null]
  when $1 = 'events' and coalesce(type, '') = '' then array['MISSING_VALUE', 'type', null]
  when $1 = 'events' and occurred is null then array['MISSING_VALUE', 'occurred_at', null]
  -- What is indexed must fit on a page of an index.
  when octet_length(event_id) > 1000 then array['TOO_LONG', 'event_id', null]
  when octet_length(lead_id) > 1000 then array['TOO_LONG', 'lead_id', null]
  when octet_length(account_id) > 1000 then array['TOO_LONG', 'account_id', null]
  when octet_length(type) > 1000 then array['TOO_LONG', 'type', null]
  when occurred_at is null and occurred is not null then array['NOT_AN_INSTANT', 'occurred_at', occurred]
  when first_seen_at is null and first_seen is not null then array['NOT_AN_INSTANT', 'first_seen_at', first_seen]
  when changed_at is null and changed is not null then array['NOT_AN_INSTANT', 'changed_at', changed]
  when occurred_at > furthest then array['TOO_FAR_AHEAD', 'occurred_at', occurred]
  when first_seen_at > furthest then array['TOO_FAR_AHEAD', 'first_seen_at', first_seen]
  when changed_at > furthest then array['TOO_FAR_AHEAD', 'changed_at', changed]
  when wrong is not null then array[wrong, null, null]
end as verdict
from (
  select s.row_number, s.problem, s.about, nullif(s.event_id, '') as event_id, s.lead_id, s.account_id, s.type, s.document,
    nullif(s.occurred_at, '') as occurred, as_instant(s.occurred_at, $2) as occurred_at,
    nullif(s.first_seen_at, '') as first_seen, as_instant(s.first_seen_at, $2) as first_seen_at,
    nullif(s.changed_at, '') as changed, as_instant(s.changed_at, $2) as changed_at,
    d.problem as wrong, statement_timestamp() + interval '10 years' as furthest
  from staged s left join documents d on d.document = s.document
  offset 0
) as read
