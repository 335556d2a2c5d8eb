-- Which segments can be trusted, and as of when.
create or replace view freshness as
select s.key as segment, s.status, st.state,
  good.as_of as good_as_of,
  st.error ->> 'code' as error_code, st.error ->> 'message' as error,
  (select max(g.run_id) from runs g where g.status = 'done' and g.mode <> 'backfill' and g.as_of = good.as_of) as good_run,
  clock_timestamp() - good.as_of as age,
  coalesce(st.failures, 0) as failures, st.retry_at
from segments s
left join segment_state st using (segment_id)
left join lateral (select as_of from runs where status = 'done' order by as_of desc limit 1) r on true
left join lateral (select coalesce(st.good_as_of, case st.state when 'ok' then r.as_of end) as as_of) good on true;
comment on view freshness is 'How each segment stands, and as of when its members are true.';
comment on column freshness.segment is 'Key of the segment.';
comment on column freshness.status is 'draft, active, paused or archived, as its definition says.';
comment on column freshness.state is 'ok, broken, blocked or needs_approval; null while it was never evaluated, and once it is archived.';
comment on column freshness.good_as_of is 'As of when its members are true.';
comment on column freshness.error_code is 'Why it is not ok.';
comment on column freshness.error is 'The same in a sentence.';
comment on column freshness.good_run is 'The run that was as of then; null if a backfill was.';
comment on column freshness.age is 'How long ago that is, by the database''s clock.';
comment on column freshness.failures is 'How many runs in a row could not evaluate it.';
comment on column freshness.retry_at is 'No run tries it before; null if the next one does.';
