-- What a file's ids came to. Columns: ids (rows that have one), empty (rows without), repeated, unknown (ids that no
-- lead has, in the file's order: json array of text).
select count(id) as ids, count(*) - count(id) as empty, count(id) - count(distinct id) as repeated,
  (select coalesce(json_agg(u.id order by u.place), '[]')
   from (select id, min(place) as place from snapshot_id
         where id is not null and not exists (select from leads l where l.external_id = snapshot_id.id)
         group by id) u) as unknown
from snapshot_id
