-- Every stay of a lead in a segment, as runs recorded them. $1 internal id bigint, $2 keys text[] (null: all).
-- Columns: segment, entered_as_of, entered_cause, entered_version (of the definition), entered_run, and the same of
-- left (null: it is in), days (of 24 hours; of an open stay until the last run).
with steps as (
  select c.segment_id, s.key as segment, c.as_of, c.change, c.cause, c.version, c.run_id,
    lead(c.as_of) over w as left_as_of, lead(c.cause) over w as left_cause,
    lead(c.version) over w as left_version, lead(c.run_id) over w as left_run
  from membership_change c
  join segments s using (segment_id)
  where c.lead_id = $1::bigint and ($2::text[] is null or s.key = any($2::text[]))
  window w as (partition by c.segment_id order by c.as_of)
),
last as (select max(as_of) as as_of from runs where status = 'done')
select segment, to_char(t.as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as entered_as_of, cause as entered_cause,
  version as entered_version, run_id as entered_run,
  to_char(left_as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as left_as_of, left_cause, left_version, left_run,
  round(extract(epoch from coalesce(left_as_of, last.as_of) - t.as_of) / 86400, 2) as days
from steps t cross join last
where change = 'entered'
order by t.as_of desc, segment
