-- What is to be done, oldest first. Columns: as_of, recorded, segments json (keys).
select to_char(as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as as_of, bool_or(recorded) as recorded,
  json_agg(key order by key) as segments
from slot join segments using (segment_id)
where not done
group by slot.as_of
order by slot.as_of;
