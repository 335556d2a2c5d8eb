-- Which segments this run would change by more than it may without being asked, after staged_change was filled.
-- A first evaluation is left out, and so is a segment that was last evaluated when there was not one lead, and one that
-- was archived: nobody is to be in it.
-- What a definition moves counts as far as nobody was shown it and agreed: versions applied since the last evaluation.
-- $1 share of the members numeric, $2 how many leads at least bigint, $3 scoring_version int (null: none).
-- Columns: segment_id, members (before the run), entered, left, unexpected (leads that come and go by data, repair or an
-- unseen definition), by_time, causes (of those that count, in words), parks (boolean; else time alone did it),
-- approved_for (what somebody let through) text.
with moved as (
  select segment_id, max(version) as version,
    count(*) filter (where change = 'entered') as entered,
    count(*) filter (where change = 'left') as "left",
    count(*) filter (where cause in ('data', 'repair')) as by_data,
    count(*) filter (where cause = 'definition') as by_definition,
    count(*) filter (where cause = 'time') as by_time,
    string_agg(distinct cause, ', ') filter (where cause in ('data', 'repair', 'definition')) as causes
  from staged_change
  group by segment_id
  having count(*) >= $2::bigint
),
weighed as (
  select m.*,
    by_data + greatest(0, by_definition - coalesce(shown.leads, 0) - coalesce(scored.leads, 0)) as unexpected,
    (select count(*) from membership h where h.segment_id = m.segment_id) as members,
    case when st.approved_by is not null then st.error ->> 'standing' end as approved_for
  from moved m
  join segment_state st using (segment_id)
  left join lateral (
    select leads from segment_stats s where s.segment_id = m.segment_id order by as_of desc limit 1
  ) last on true
  left join lateral (
    select sum(accepted_change) as leads from segment_versions v
    where v.segment_id = m.segment_id and v.version > st.version and v.version <= m.version
  ) shown on true
  left join lateral (
    select sum((accepted_changes ->> m.segment_id::text)::bigint) as leads from scoring_versions v
    where v.version > coalesce(st.scoring_version, 0) and v.version <= $3::int
  ) scored on true
  where st.version is not null and coalesce(last.leads, 1) > 0
    and exists (select from planned p where p.segment_id = m.segment_id and p.status = 'active')
)
select segment_id, members, entered, "left", unexpected, by_time, coalesce(causes, 'time') as causes, approved_for,
  unexpected >= $2::bigint and unexpected > $1::numeric * members as parks
from weighed
where (unexpected >= $2::bigint and unexpected > $1::numeric * members)
  or (by_time >= $2::bigint and by_time > $1::numeric * members)
order by segment_id
