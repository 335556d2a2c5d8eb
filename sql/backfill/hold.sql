-- Who was in just before an instant, of segments whose rewriting begins there, or has begun before.
-- $1 run_id bigint, $2 as_of timestamptz, $3 boolean: it begins there.
insert into held_member (segment_id, lead_id)
select segment_id, lead_id
from (
  select distinct on (c.segment_id, c.lead_id) c.segment_id, c.lead_id, c.change
  from backfill_chunk k
  join membership_change c on c.segment_id = k.segment_id and c.as_of < least($2::timestamptz, k.until_at)
  where k.run_id = $1::bigint and not k.settled
    and k.first_at <= $2::timestamptz and (k.first_at = $2::timestamptz) = $3::boolean
  order by c.segment_id, c.lead_id, c.as_of desc
) as latest
where change = 'entered';
