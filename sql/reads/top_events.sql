-- What the members of each segment did most in the 30 days before the newest roll-up.
-- $1 keys text[] (null: all), $2 as_of timestamptz (null: now): the newest by then. Of the past, segments that were
-- archived since are among them.
-- Columns: segment, rank, type, activity (false: done to the lead, or by a machine), events, leads (members who did
-- it), members, share (leads / members).
select s.key as segment, t.rank, t.type, coalesce(e.activity, true) as activity, t.events, t.leads, t.members,
  round(t.leads::numeric / nullif(t.members, 0), 6) as share
from segment_top_events t
join segments s using (segment_id)
left join event_types e using (type)
where t.as_of = (select max(as_of) from segment_top_events where coalesce(as_of <= $2::timestamptz, true))
  and (s.status <> 'archived' or $2::timestamptz is not null) and ($1::text[] is null or s.key = any($1::text[]))
order by s.key, t.rank
