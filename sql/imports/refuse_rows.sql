-- Moves the rows that can't be taken, seen each by itself, from `staged` to `refused`.
-- $1 text: events, leads or accounts. $2 text: time zone of instants that name none.
with judged as (
  select row_number, case
    when problem is not null then array[problem, about, null]
    when $1 <> 'accounts' and coalesce(lead_id, '') = '' then array['MISSING_VALUE', 'lead_id', null]
    when $1 = 'accounts' and coalesce(account_id, '') = '' then array['MISSING_VALUE', 'account_id', null]
    when $1 = 'events' and coalesce(type, '') = '' then array['MISSING_VALUE', 'type', null]
    when $1 = 'events' and coalesce(occurred_at, '') = '' then array['MISSING_VALUE', 'occurred_at', null]
    -- What is indexed must fit on a page of an index.
    when octet_length(event_id) > 1000 then array['TOO_LONG', 'event_id', null]
    when octet_length(lead_id) > 1000 then array['TOO_LONG', 'lead_id', null]
    when octet_length(account_id) > 1000 then array['TOO_LONG', 'account_id', null]
    when octet_length(type) > 1000 then array['TOO_LONG', 'type', null]
    when occurred_at <> '' and occurred is null then array['NOT_AN_INSTANT', 'occurred_at', occurred_at]
    when first_seen_at <> '' and first_seen is null then array['NOT_AN_INSTANT', 'first_seen_at', first_seen_at]
    when changed_at <> '' and changed is null then array['NOT_AN_INSTANT', 'changed_at', changed_at]
    when occurred > furthest then array['TOO_FAR_AHEAD', 'occurred_at', occurred_at]
    when first_seen > furthest then array['TOO_FAR_AHEAD', 'first_seen_at', first_seen_at]
    when changed > furthest then array['TOO_FAR_AHEAD', 'changed_at', changed_at]
  end as verdict
  from (
    select *,
      as_instant(occurred_at, $2) as occurred,
      as_instant(first_seen_at, $2) as first_seen,
      as_instant(changed_at, $2) as changed,
      statement_timestamp() + interval '10 years' as furthest
    from staged offset 0
  ) as read
), gone as (
  delete from staged s using judged j
  where j.verdict is not null and j.row_number = s.row_number
  returning s.*, j.verdict
)
insert into refused
select row_number, problem, about, event_id, lead_id, account_id, type, occurred_at, first_seen_at, changed_at, rest, iso,
  verdict[1], verdict[2], left(verdict[3], 40)
from gone
