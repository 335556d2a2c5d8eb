-- Segments that a run parked since it would have changed too much of them. $1 keys text[] (null: all).
-- Columns: segment_id, segment, version (parked), standing (what it meant then), good_as_of, members, entered, "left",
-- causes (what it would have been by), approved_by (null: nobody), blocked (keys of segments that wait for it: json).
select s.segment_id, s.key as segment, (st.error ->> 'version')::int as version, st.error ->> 'standing' as standing,
  to_char(st.good_as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as good_as_of,
  st.error ->> 'members' as members, st.error ->> 'entered' as entered, st.error ->> 'left' as "left",
  st.error ->> 'causes' as causes, st.approved_by,
  (select coalesce(json_agg(o.key order by o.key), '[]')
   from segment_state b join segments o using (segment_id)
   where b.state = 'blocked' and o.status = 'active' and b.error ->> 'blocked_by' = s.key) as blocked
from segments s join segment_state st using (segment_id)
where st.state = 'needs_approval' and s.status = 'active' and ($1::text[] is null or s.key = any($1::text[]))
order by s.key
