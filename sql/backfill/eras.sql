-- Which versions were current in a range: a row from where it begins on, and one for each instant at which a segment got
-- another version, came or went, or the rules of scores changed. A version is current since it was applied, or since the
-- first run as of an earlier instant that evaluated by it. When segments were paused, or archived and put back, nobody
-- wrote down. $1 from, $2 to timestamptz.
-- Columns: from (the first: -infinity), segments jsonb (version by segment_id), scoring int (null: there was none).
with version as (
  select v.segment_id, v.version, least(v.applied_at, (
      select min(r.as_of) from run_segments o join runs r using (run_id)
      where o.segment_id = v.segment_id and o.version = v.version and o.outcome = 'done'
        and r.status = 'done' and r.mode <> 'backfill'
    )) as since
  from segment_versions v
),
gone as (
  select segment_id, least(updated_at, (
      select min(r.as_of) from runs r
      where r.status = 'done' and r.mode <> 'backfill' and r.started_at > s.updated_at
    )) as at
  from segments s where status = 'archived'
),
scoring as (
  select v.version, least(v.applied_at, (
      select min(r.as_of) from runs r
      where r.scoring_version = v.version and r.status = 'done' and r.mode <> 'backfill'
    )) as since
  from scoring_versions v
),
edge as (
  select at from (
    select since as at from version union select at from gone union select since from scoring
  ) as all_of_them
  where at > $1::timestamptz and at <= $2::timestamptz
  union all
  select $1::timestamptz
)
select case when edge.at > $1::timestamptz then to_char(edge.at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') else '-infinity' end as "from",
  (
    select coalesce(jsonb_object_agg(segment_id::text, version), '{}')
    from (
      select segment_id, max(version) as version from version
      where since <= edge.at
        and not exists (select from gone where gone.segment_id = version.segment_id and gone.at <= edge.at)
      group by segment_id
    ) as current
  ) as segments,
  (select max(version) from scoring where since <= edge.at) as scoring
from edge
order by edge.at
