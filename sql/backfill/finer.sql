-- How many instants earlier backfills wrote that would be lost: between those that are to be done anew.
-- $1 from, $2 to timestamptz (closed). Column: instants.
select count(distinct f.as_of)::int as instants
from segment_stats f
join runs r using (run_id)
join lateral (
  select s.done from slot s where s.segment_id = f.segment_id and s.as_of <= f.as_of order by s.as_of desc limit 1
) before on not before.done
where r.mode = 'backfill' and f.as_of between $1::timestamptz and $2::timestamptz
  and not exists (select from slot s where s.segment_id = f.segment_id and s.as_of = f.as_of);
