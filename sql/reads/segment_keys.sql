-- Every segment there is or was, and whose it is. Columns: segment, origin, status, state, error, good_as_of, archived_at.
select s.key as segment, s.origin, s.status, st.state, st.error ->> 'message' as error,
  to_char(st.good_as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as good_as_of,
  case s.status when 'archived' then to_char(s.updated_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') end as archived_at
from segments s left join segment_state st using (segment_id)
order by s.key
