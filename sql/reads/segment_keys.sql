-- Every segment there is, and whose it is. Columns: segment, origin, status, state, error, good_as_of.
select s.key as segment, s.origin, s.status, st.state, st.error ->> 'message' as error,
  to_char(st.good_as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as good_as_of
from segments s left join segment_state st using (segment_id)
order by s.key
