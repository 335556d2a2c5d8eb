-- Gives each difference its cause. $1 horizon and $2 as_of of this run; $3 as_of of the last applied one (null: none, or
-- causes don't matter); $4 boolean: whether what no candidate explains is drift, $5 boolean: whether a midnight in UTC
-- passed since the last run, $6 boolean: whether a backfill has rewritten what is recorded since then; $7 the least as_of
-- and $8 the least horizon in base (null: there is none). Reads difference, planned, candidate, base, and concerned: whose
-- changes it is about.
insert into staged_change (segment_id, lead_id, change, cause, version)
with
instant as materialized (select distinct as_of, horizon from base),
concerned_account as materialized (
  select distinct (c.value #>> '{}')::bigint as account_id
  from concerned join attribute_change c
    on c.subject = 'lead' and c.subject_id = concerned.lead_id and c.attribute = '@account'
  where jsonb_typeof(c.value) = 'number' and c.value #>> '{}' ~ '^[0-9]{1,18}$'
),
-- Whose sources this run sees and an earlier one did not: arrived since, or known before but dated after it. What is
-- still to begin counts when it arrives: before the first value that is known, that one holds.
recent_event as (
  select lead_id, ingest_xid, occurred_at from events
  where ingest_xid >= $8::text::xid8 and ingest_xid < $1::text::xid8 and occurred_at <= $2::timestamptz
  union all
  select lead_id, ingest_xid, occurred_at from events
  where ingest_xid < $8::text::xid8 and occurred_at > $7::timestamptz and occurred_at <= $2::timestamptz
),
recent_value as (
  select * from attribute_change where ingest_xid >= $8::text::xid8 and ingest_xid < $1::text::xid8
  union all
  select * from attribute_change
  where ingest_xid < $8::text::xid8 and from_at > $7::timestamptz and from_at <= $2::timestamptz
),
source as (
  select 'lead' as subject, lead_id as id, ingest_xid, occurred_at as at
  from recent_event join concerned using (lead_id)
  union all
  select c.subject, c.subject_id, c.ingest_xid, case when c.from_at <= $2::timestamptz and not first.holds then c.from_at end
  from (
    select c.* from concerned join recent_value c on c.subject = 'lead' and c.subject_id = concerned.lead_id
    union all
    select c.* from concerned_account a join recent_value c on c.subject = 'account' and c.subject_id = a.account_id
  ) as c
  -- The first value that is known held before as well: nothing changes when its time comes.
  cross join lateral (
    select not exists (
      select from attribute_change e
      where e.subject = c.subject and e.subject_id = c.subject_id and e.attribute = c.attribute
        and e.ingest_xid < $1::text::xid8 and (e.from_at, e.change_id) < (c.from_at, c.change_id)
    ) as holds
  ) as first
  where c.ingest_xid >= $8::text::xid8 or not first.holds
  union all
  -- Whether a lead exists, and since when, is read as it stands, whatever the horizon.
  select 'lead', lead_id, changed_xid, case when first_seen_at <= $2::timestamptz then first_seen_at end
  from leads join concerned using (lead_id)
  where ingest_xid < $1::text::xid8
    and (changed_xid >= $8::text::xid8 or (first_seen_at <= $2::timestamptz and first_seen_at > $7::timestamptz))
  union all
  select 'lead', lead_id, ingest_xid, null
  from tombstone join concerned using (lead_id)
  where ingest_xid >= $8::text::xid8
),
touched as materialized (
  select i.as_of, i.horizon, s.subject, s.id
  from (select subject, id, max(ingest_xid) as xid, max(at) as at from source group by subject, id) s
  join instant i on s.xid >= i.horizon or s.at > i.as_of
),
-- Whom a hand put in or out since then, or stopped doing so, of a segment or of one that it refers to.
handed as materialized (
  select distinct p.segment_id, b.as_of, b.horizon, o.lead_id
  from segment_list o
  join planned_list p on p.listed_id = o.segment_id
  join base b on b.segment_id = p.segment_id
  where o.list <> 'members' and o.ingest_xid < $1::text::xid8 and o.from_at <= $2::timestamptz
    and (
      o.ingest_xid >= b.horizon or o.from_at > b.as_of
      or (o.until_xid < $1::text::xid8 and o.until_at <= $2::timestamptz
        and (o.until_xid >= b.horizon or o.until_at > b.as_of))
    )
),
-- Which accounts a lead is in now and was in then, of those who count for other leads of their account as well.
moving as (
  select null::bigint as segment_id, t.as_of, t.horizon, t.id as lead_id
  from touched t
  where t.subject = 'lead' and exists (select from planned where reads_account)
  union all
  select h.segment_id, h.as_of, h.horizon, h.lead_id
  from handed h join planned p on p.segment_id = h.segment_id and p.reads_account
),
moved as materialized (
  select distinct m.segment_id, m.as_of, m.horizon, link.value
  from moving m
  cross join lateral (values ($2::timestamptz, $1::text::xid8), (m.as_of, m.horizon)) w(as_of, horizon)
  cross join lateral (
    select c.value from attribute_change c
    where c.subject = 'lead' and c.subject_id = m.lead_id and c.attribute = '@account' and c.ingest_xid < w.horizon
    order by case when c.from_at <= w.as_of then c.from_at end desc nulls last,
      case when c.from_at <= w.as_of then c.change_id end desc nulls last, c.from_at, c.change_id
    limit 1
  ) link
  where jsonb_typeof(link.value) = 'number' and link.value #>> '{}' ~ '^[0-9]{1,18}$'
  union
  -- Who was removed together with what was known of them: which of their accounts was the last one is not known any more.
  select null, i.as_of, i.horizon, to_jsonb(account_id)
  from tombstone t
  cross join unnest(t.account_ids) as account_id
  join instant i on t.ingest_xid >= i.horizon
  where t.ingest_xid >= $8::text::xid8 and exists (select from planned where reads_account)
    and not exists (
      select from attribute_change c
      where c.subject = 'lead' and c.subject_id = t.lead_id and c.attribute = '@account')
),
linked as materialized (
  select d.lead_id, link.value
  from concerned d
  cross join lateral (
    select c.value from attribute_change c
    where c.subject = 'lead' and c.subject_id = d.lead_id and c.attribute = '@account'
      and c.ingest_xid < $1::text::xid8
    order by case when c.from_at <= $2::timestamptz then c.from_at end desc nulls last,
      case when c.from_at <= $2::timestamptz then c.change_id end desc nulls last, c.from_at, c.change_id
    limit 1
  ) link
  where d.own and jsonb_typeof(link.value) = 'number' and link.value #>> '{}' ~ '^[0-9]{1,18}$'
    and (exists (select from moved) or exists (select from touched where subject = 'account'))
)
select p.segment_id, d.lead_id, d.change,
  case when p.first then 'definition'
    when b.segment_id is null then 'time'
    when handed.lead_id is not null or mate_handed.value is not null then 'manual'
    -- A segment that rested is behind the run before: who turned meanwhile may be no candidate.
    when $4::boolean and b.as_of = $3::timestamptz and not (p.fades and $5::boolean) and candidate.lead_id is null
      then case when p.reads_past and $6::boolean then 'backfill' else 'repair' end
    when own.id is not null or account.id is not null or (p.reads_account and mate.value is not null) then 'data'
    -- What was parked as a repair would look like time going by when it is tried again.
    when st.state = 'needs_approval' and st.error ->> 'causes' ~ 'repair' then 'repair'
    else 'time' end,
  p.version
from difference d
join planned p using (segment_id)
left join base b on b.segment_id = p.segment_id
left join segment_state st on st.segment_id = p.segment_id
left join linked l on l.lead_id = d.lead_id
-- Each finds one row at most. Joined: in a list of many each difference would search from the beginning.
left join candidate on candidate.lead_id = d.lead_id
left join handed on handed.segment_id = p.segment_id and handed.lead_id = d.lead_id
left join moved mate_handed on mate_handed.segment_id = p.segment_id and mate_handed.value = l.value
left join touched own
  on own.subject = 'lead' and own.id = d.lead_id and own.as_of = b.as_of and own.horizon = b.horizon
left join touched account
  on account.subject = 'account' and to_jsonb(account.id) = l.value
  and account.as_of = b.as_of and account.horizon = b.horizon
left join moved mate
  on mate.segment_id is null and mate.value = l.value and mate.as_of = b.as_of and mate.horizon = b.horizon
-- In the order of the keys that are written next: millions of rows of a first run go in much faster so.
order by p.segment_id, d.lead_id;
