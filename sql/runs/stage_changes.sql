-- Compares each lead's set with the one it was in, and keeps the bits that differ, each with its cause.
-- $1 horizon and $2 as_of of this run; $3 horizon (text, null: none) and $4 as_of of the last applied one;
-- $5 number of words in a set int. Reads held_member: who was in, a view of membership in a run.
insert into staged_change (segment_id, lead_id, change, cause, version)
with held as (
  select lead_id, array_agg(bits order by word) as words
  from (
    select l.lead_id, w.word, coalesce(sum(p.bit), 0)::bigint as bits
    from (select distinct m.lead_id from held_member m join planned using (segment_id)) l
    cross join generate_series(1, $5::int) w(word)
    left join (held_member m join planned p using (segment_id)) on m.lead_id = l.lead_id and p.word = w.word
    group by l.lead_id, w.word
  ) as by_word
  group by lead_id
),
differing as (
  select coalesce(e.lead_id, h.lead_id) as lead_id,
    coalesce(e.words, array_fill(0::bigint, array[$5::int])) as words,
    coalesce(h.words, array_fill(0::bigint, array[$5::int])) as held
  from evaluated e full join held h on h.lead_id = e.lead_id
  where coalesce(e.words, array_fill(0::bigint, array[$5::int]))
    is distinct from coalesce(h.words, array_fill(0::bigint, array[$5::int]))
),
-- Whose sources this run sees and the last one did not: arrived since, or known before but dated after it.
touched as (
  select lead_id from events
  where ingest_xid < $1::text::xid8 and occurred_at <= $2::timestamptz
    and (ingest_xid >= $3::text::xid8 or occurred_at > $4::timestamptz)
  union
  select subject_id from attribute_change
  where subject = 'lead' and ingest_xid < $1::text::xid8
    and (ingest_xid >= $3::text::xid8 or (from_at <= $2::timestamptz and from_at > $4::timestamptz))
  union
  select l.lead_id from attribute_change c join leads l on l.account_id = c.subject_id
  where c.subject = 'account' and c.ingest_xid < $1::text::xid8
    and (c.ingest_xid >= $3::text::xid8 or (c.from_at <= $2::timestamptz and c.from_at > $4::timestamptz))
  union
  select lead_id from leads
  where ingest_xid < $1::text::xid8
    and (ingest_xid >= $3::text::xid8 or (first_seen_at <= $2::timestamptz and first_seen_at > $4::timestamptz))
),
-- For whom another lead of the account counts as well: those of an account that such a lead is in, or was before.
touched_account as (
  select distinct mate.lead_id
  from touched t
  join attribute_change link on link.subject = 'lead' and link.subject_id = t.lead_id and link.attribute = '@account'
  join leads mate on to_jsonb(mate.account_id) = link.value
  where exists (select from planned where reads_account)
),
-- Whom a hand put in or out since the last run, or stopped doing so, of a segment or of one that it refers to.
handed as (
  select p.segment_id, o.lead_id
  from segment_list o join planned_list p on p.listed_id = o.segment_id
  where o.list <> 'members' and o.ingest_xid < $1::text::xid8 and o.from_at <= $2::timestamptz
    and (
      o.ingest_xid >= $3::text::xid8 or o.from_at > $4::timestamptz
      or (o.until_xid < $1::text::xid8 and o.until_at <= $2::timestamptz
        and (o.until_xid >= $3::text::xid8 or o.until_at > $4::timestamptz))
    )
),
by_hand as (
  select segment_id, lead_id from handed
  union
  select h.segment_id, mate.lead_id
  from handed h
  join planned p on p.segment_id = h.segment_id and p.reads_account
  join attribute_change link on link.subject = 'lead' and link.subject_id = h.lead_id and link.attribute = '@account'
  join leads mate on to_jsonb(mate.account_id) = link.value
)
select p.segment_id, d.lead_id,
  case when d.words[p.word] & p.bit <> 0 then 'entered' else 'left' end,
  case when p.first then 'definition'
    when m.lead_id is not null then 'manual'
    when t.lead_id is not null or (p.reads_account and a.lead_id is not null) then 'data'
    else 'time' end,
  p.version
from differing d
join planned p on (d.words[p.word] # d.held[p.word]) & p.bit <> 0
left join touched t on t.lead_id = d.lead_id
left join touched_account a on a.lead_id = d.lead_id
left join by_hand m on m.segment_id = p.segment_id and m.lead_id = d.lead_id;
