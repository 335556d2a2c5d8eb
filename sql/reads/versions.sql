-- Every version of a segment, newest first. $1 key text.
-- Columns: version, applied_at, applied_by, applied_for, definition, zone, fingerprint, current (of an archived segment
-- none is), evaluated (membership shows this one).
select v.version, to_char(v.applied_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as applied_at, v.applied_by, v.applied_for,
  v.definition, v.zone, v.fingerprint, v.version = s.version and s.status <> 'archived' as current,
  coalesce(v.version = st.version, false) as evaluated
from segments s
join segment_versions v using (segment_id)
left join segment_state st using (segment_id)
where s.key = $1::text
order by v.version desc
