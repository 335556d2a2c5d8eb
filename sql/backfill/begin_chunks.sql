-- Where each segment is rewritten without a break. $1 run_id bigint, $2 from, $3 to timestamptz (closed),
-- $4 segment_ids bigint[], $5 versions int[], $6 meanings text[].
with numbered as (
  select segment_id, as_of, done,
    lead(as_of) over w as next_as_of, lag(as_of) over w is null as is_first,
    row_number() over w - row_number() over (partition by segment_id, done order by as_of) as island
  from slot
  window w as (partition by segment_id order by as_of)
)
insert into backfill_chunk (run_id, segment_id, version, meaning, from_at, first_at, until_at)
select $1::bigint, n.segment_id, v.version, v.meaning,
  case when bool_or(n.is_first) then $2::timestamptz else min(n.as_of) end,
  min(n.as_of),
  coalesce((array_agg(n.next_as_of order by n.as_of desc))[1], $3::timestamptz + interval '1 microsecond')
from numbered n
join unnest($4::bigint[], $5::int[], $6::text[]) v(segment_id, version, meaning) using (segment_id)
where not n.done
group by n.segment_id, n.island, v.version, v.meaning;
