-- Counts in the figures of the ranges and of their seams who came and went by the causes that count. $1 run_id bigint.
update segment_stats f
set entered = n.entered, "left" = n."left"
from (
  select t.segment_id, t.as_of,
    count(*) filter (where c.change = 'entered') as entered, count(*) filter (where c.change = 'left') as "left"
  from backfill_chunk k
  join segment_stats t on t.segment_id = k.segment_id
    and ((t.as_of >= k.from_at and t.as_of < k.until_at) or t.as_of = k.seam_at)
  left join membership_change c
    on c.segment_id = t.segment_id and c.as_of = t.as_of and c.cause in ('data', 'time', 'manual')
  where k.run_id = $1::bigint
  group by t.segment_id, t.as_of
) as n
where f.segment_id = n.segment_id and f.as_of = n.as_of and (f.entered, f."left") <> (n.entered, n."left");
