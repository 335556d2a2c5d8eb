-- Where each segment is rewritten without a break, and by which version last. $1 run_id bigint, $2 from, $3 to
-- timestamptz (closed).
with numbered as (
  select segment_id, as_of, done, version, meaning, since, until,
    lead(as_of) over w as next_as_of, lag(as_of) over w is null as is_first,
    row_number() over w - row_number() over (partition by segment_id, done order by as_of) as island
  from slot
  window w as (partition by segment_id order by as_of)
)
insert into backfill_chunk (run_id, segment_id, version, meaning, from_at, first_at, until_at)
select $1::bigint, segment_id, (array_agg(version order by as_of desc))[1], (array_agg(meaning order by as_of desc))[1],
  case when bool_or(is_first) then greatest($2::timestamptz, min(since)) else min(as_of) end,
  min(as_of),
  least(coalesce((array_agg(next_as_of order by as_of desc))[1], $3::timestamptz + interval '1 microsecond'), min(until))
from numbered
where not done
group by segment_id, island;
