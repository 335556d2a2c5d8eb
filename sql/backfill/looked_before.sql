-- When each segment that is rewritten at an instant was looked at before it: by this backfill, or by a run. Hands that
-- set to work since then have moved whom they moved. None where no hand ever did, and where it is the first look.
-- $1 run_id bigint, $2 as_of timestamptz. Columns: segment_id, as_of.
select segment_id, to_char(as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as as_of
from (
  select k.segment_id, greatest(
    (select max(i.as_of) from backfill_instant i
     where i.run_id = k.run_id and i.as_of >= k.first_at and i.as_of < $2::timestamptz),
    (select max(r.as_of) from runs r
     where r.status = 'done' and r.mode <> 'backfill' and r.as_of < $2::timestamptz)
  ) as as_of
  from backfill_chunk k
  where k.run_id = $1::bigint and k.from_at <= $2::timestamptz and k.until_at > $2::timestamptz
    and exists (select from segment_list where list <> 'members')
) as looked
where as_of is not null
