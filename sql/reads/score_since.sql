-- Since when it is recorded how scores stood at the ends of days, without a gap until now; no row where no day ever was.
-- $1 names text[]. Columns: score, recorded_since (null: it is not recorded), kept_since (all of it: what a retention
-- has removed is gone), first_seen (the day of the first lead: before it there was nothing to record).
with days as (
  select day, is_whole, day - lag(day) over (order by day) as apart from recorded_score_days()
),
stretch as (
  select max(day) filter (where coalesce(apart <> 1, true)) as since, max(day) filter (where not is_whole) + 1 as whole_since
  from days
)
select n.score,
  to_char(case when h.first_day is not null then greatest(s.since, h.first_day) end, 'YYYY-MM-DD') as recorded_since,
  to_char(case when h.first_day is not null then greatest(s.since, s.whole_since, h.first_day) end, 'YYYY-MM-DD')
    as kept_since,
  (select to_char(min(first_seen_at) at time zone 'UTC', 'YYYY-MM-DD') from leads) as first_seen
from stretch s
cross join unnest($1::text[]) n(score)
left join lateral (select min(day) as first_day from score_history h where h.score = n.score) h on true
where s.since is not null;
