-- Compares each lead's set with the one it was in, and keeps the bits that differ. $1 number of words in a set int.
-- Reads evaluated, planned, and held_member: who was in, a view of membership in a run.
insert into difference (segment_id, lead_id, change)
with held as (
  select lead_id, array_agg(bits order by word) as words
  from (
    select l.lead_id, w.word, coalesce(sum(p.bit), 0)::bigint as bits
    from (select distinct m.lead_id from held_member m join planned using (segment_id)) l
    cross join generate_series(1, $1::int) w(word)
    left join (held_member m join planned p using (segment_id)) on m.lead_id = l.lead_id and p.word = w.word
    group by l.lead_id, w.word
  ) as by_word
  group by lead_id
),
differing as (
  select coalesce(e.lead_id, h.lead_id) as lead_id,
    coalesce(e.words, array_fill(0::bigint, array[$1::int])) as words,
    coalesce(h.words, array_fill(0::bigint, array[$1::int])) as held
  from evaluated e full join held h on h.lead_id = e.lead_id
  where coalesce(e.words, array_fill(0::bigint, array[$1::int]))
    is distinct from coalesce(h.words, array_fill(0::bigint, array[$1::int]))
)
select p.segment_id, d.lead_id, case when d.words[p.word] & p.bit <> 0 then 'entered' else 'left' end
from differing d
join planned p on (d.words[p.word] # d.held[p.word]) & p.bit <> 0;
