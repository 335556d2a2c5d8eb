-- Which segments can be trusted, and as of when.
create or replace view freshness as
select s.key as segment, s.status, st.state,
  coalesce(st.good_as_of, case st.state when 'ok' then r.as_of end) as good_as_of,
  st.error ->> 'code' as error_code, st.error ->> 'message' as error
from segments s
left join segment_state st using (segment_id)
left join lateral (select as_of from runs where status = 'done' order by as_of desc limit 1) r on true;
comment on view freshness is 'How each segment stands, and as of when its members are true.';
comment on column freshness.segment is 'Key of the segment.';
comment on column freshness.status is 'draft, active, paused or archived, as its definition says.';
comment on column freshness.state is 'ok, broken or blocked; null while it was never evaluated.';
comment on column freshness.good_as_of is 'As of when its members are true.';
comment on column freshness.error_code is 'Why it is not ok.';
comment on column freshness.error is 'The same in a sentence.';
