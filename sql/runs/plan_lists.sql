-- Which segments' lists each segment reads. $1 segment_ids bigint[], $2 keys of the segments whose lists text[].
insert into planned_list (segment_id, listed_id)
select l.segment_id, s.segment_id
from unnest($1::bigint[], $2::text[]) l(segment_id, key) join segments s using (key);
