-- Segments that were archived and that no run has emptied yet. Columns: segment_id, key, version.
select segment_id, key, version
from segments s
where status = 'archived'
  and (exists (select from segment_state st where st.segment_id = s.segment_id)
    or exists (select from membership m where m.segment_id = s.segment_id))
order by segment_id
