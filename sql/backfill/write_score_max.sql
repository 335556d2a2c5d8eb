-- The most points at the end of any day, and the first day on which it was so: where that lay on a day that was
-- evaluated anew, of all that are recorded. $1 run_id bigint, $2 names text[].
update lead_scores s
set max_value = m.value, max_day = m.day
from lead_scores o
left join lateral (
  select value, day from (
    select h.value, h.day from score_history h where h.lead_id = o.lead_id and h.score = o.score
    union all
    select o.max_value, o.max_day
    where o.max_day is not null
      and not exists (select from backfill_day d where d.run_id = $1::bigint and d.day = o.max_day and not d.seam)
  ) as recorded
  order by value desc, day limit 1
) m on true
where o.score = any($2::text[]) and s.lead_id = o.lead_id and s.score = o.score
  and (s.max_value, s.max_day) is distinct from (m.value, m.day);
