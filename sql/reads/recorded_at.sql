-- What stands recorded of segments at an instant: of each, the run that looked at it last, at or before the instant.
-- A backfill counts at each instant of which it wrote figures, and at its first one. Runs in which a segment could not
-- be evaluated, and those since it was paused, said nothing about it.
-- $1 keys text[], archived ones too (null: all that were not archived by then), $2 instant timestamptz.
-- Columns: segment, segment_id, status, archived_at, version (the current one; of a static segment the one whose list held
-- then, the first one since ever), run_id, run_as_of (null: nothing was recorded by then), recorded_since (the first
-- instant that is, ever).
with asked as (
  select s.segment_id, s.key, s.status, s.updated_at, st.good_as_of,
    case when s.origin = 'snapshot' then greatest(1, (
      select max(v.version) from segment_versions v
      where v.segment_id = s.segment_id and v.applied_at <= $2::timestamptz)) else s.version end as version,
    (select min(r.as_of) from run_segments o join runs r using (run_id)
     where o.segment_id = s.segment_id and o.outcome = 'done' and r.status = 'done') as first_as_of
  from segments s
  left join segment_state st using (segment_id)
  where case when $1::text[] is null then s.status <> 'archived' or s.updated_at > $2::timestamptz
    else s.key = any($1::text[]) end
),
filled as (
  select a.segment_id, r.run_id, (r.options ->> 'from')::timestamptz as from_at
  from asked a
  join runs r on r.mode = 'backfill' and r.status = 'done'
  where case
    when r.options ? 'versions' then r.options -> 'versions' ? a.segment_id::text
    else jsonb_typeof(r.options -> 'segments') is distinct from 'array'
      or r.options -> 'segments' ? a.key
      or exists (select from segment_renames n where n.segment_id = a.segment_id and r.options -> 'segments' ? n.old_key)
  end
),
looked as (
  select a.segment_id, last.run_id, last.as_of
  from asked a
  cross join lateral (
    select r.run_id, r.as_of from runs r
    where r.status = 'done' and r.mode <> 'backfill' and r.as_of between a.first_as_of and $2::timestamptz
      and coalesce(r.as_of <= a.good_as_of, true)
      and not exists (
        select from run_segments o
        where o.run_id = r.run_id and o.segment_id = a.segment_id and o.outcome <> 'done'
      )
    order by r.as_of desc limit 1
  ) last
  union all
  select f.segment_id, f.run_id, coalesce(last.as_of, f.from_at)
  from filled f
  left join lateral (
    select max(t.as_of) as as_of from segment_stats t
    where t.segment_id = f.segment_id and t.run_id = f.run_id and t.as_of <= $2::timestamptz
  ) last on true
  where f.from_at <= $2::timestamptz
)
select a.key as segment, a.segment_id, a.status,
  case a.status when 'archived' then to_char(a.updated_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') end as archived_at,
  a.version, l.run_id,
  to_char(l.as_of, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as run_as_of,
  to_char(least(a.first_as_of, (select min(f.from_at) from filled f where f.segment_id = a.segment_id)),
    'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as recorded_since
from asked a
left join lateral (
  select run_id, as_of from looked k where k.segment_id = a.segment_id order by as_of desc, run_id desc limit 1
) l on true
order by a.key
