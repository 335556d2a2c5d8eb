-- How each segment stands, and what is to be done about it. Segments that are archived are left out.
-- Columns: segment, status, state (null: never evaluated), good_run, good_as_of, age (seconds since good_as_of, by the
-- database's clock), failures, retry_at, approved_by, error_code, error.
select f.segment, f.status, f.state, f.good_run,
  to_char(f.good_as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as good_as_of,
  floor(extract(epoch from f.age))::bigint as age,
  f.failures, to_char(f.retry_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as retry_at,
  st.approved_by, f.error_code, f.error
from freshness f
join segments s on s.key = f.segment
left join segment_state st using (segment_id)
where s.status <> 'archived'
order by f.state is not distinct from 'ok', f.segment
