-- Compares each lead's set with the one it was in, word by word, and keeps the bits that differ.
-- Reads evaluated, planned, and held_member: who was in, a view of membership in a run.
insert into difference (segment_id, lead_id, change)
with held as (
  select m.lead_id, p.word, sum(p.bit)::bigint as bits
  from held_member m join planned p using (segment_id)
  group by m.lead_id, p.word
),
found as (
  select e.lead_id, w.word, w.bits from evaluated e cross join unnest(e.words) with ordinality as w(bits, word)
),
differing as (
  select lead_id, word, coalesce(f.bits, 0) as bits, coalesce(h.bits, 0) as held
  from found f full join held h using (lead_id, word)
  where coalesce(f.bits, 0) <> coalesce(h.bits, 0)
)
select p.segment_id, d.lead_id, case when d.bits & p.bit <> 0 then 'entered' else 'left' end
from differing d
join planned p on p.word = d.word and (d.bits # d.held) & p.bit <> 0;
