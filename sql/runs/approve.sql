-- Lets the parked change of segments through: the next run applies it. $1 keys text[], $2 by whom text.
update segment_state st set approved_by = $2::text
from segments s
where s.segment_id = st.segment_id and s.key = any($1::text[]) and st.state = 'needs_approval'
