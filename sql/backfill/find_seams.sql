-- The first run after the range that looked at each segment. $1 to timestamptz, $2 segment_ids bigint[].
insert into seam (segment_id, as_of)
select s.segment_id, (
    select min(r.as_of) from runs r
    where r.status = 'done' and r.as_of > $1::timestamptz
      and r.as_of >= (
        select min(f.as_of) from run_segments o join runs f using (run_id)
        where o.segment_id = s.segment_id and o.outcome = 'done' and f.status = 'done'
      )
  )
from unnest($2::bigint[]) s(segment_id);
