-- A segment that is evaluated no more keeps its members, and says as of when they were true. $1 key text.
update segment_state st
set good_as_of = coalesce(st.good_as_of, (select max(as_of) from runs where status = 'done'))
from segments s
where s.segment_id = st.segment_id and s.key = $1::text and s.status <> 'active';
