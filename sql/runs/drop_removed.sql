-- Leads that were removed while the run was under way get nothing from it; the next run sees that they are gone. Whoever
-- removes leads together with what was written about them holds run_lease meanwhile, as the run does now.
-- $1 horizon of this run xid8, $2 position of the main score (from 1) and $3 its name (both null: none).
-- How they stand is written all the same: the next run counts them out.
with gone as materialized (
  select lead_id from tombstone t
  where ingest_xid >= $1::text::xid8 and not exists (select from leads l where l.lead_id = t.lead_id)
),
dropped as (
  delete from staged_change c using gone
  where c.lead_id = gone.lead_id
    and (c.change = 'entered' or not exists (
      select from membership m where m.segment_id = c.segment_id and m.lead_id = c.lead_id))
  returning c.segment_id, c.lead_id, c.change
),
dropped_score as (
  delete from staged_score s using gone where s.lead_id = gone.lead_id
  returning s.lead_id, s.position, s.micropoints
),
dropped_day as (delete from staged_score_day d using gone where d.lead_id = gone.lead_id),
dropped_max as (delete from staged_score_max m using gone where m.lead_id = gone.lead_id),
-- What the figures counted of them: who was about to enter, and new points of those who stay.
counted as (
  select d.segment_id, d.lead_id, 1 as members, false as stood
  from dropped d where d.change = 'entered'
  union all
  select m.segment_id, m.lead_id, 0, true
  from membership m join gone using (lead_id)
  where not exists (
    select from staged_change c where c.segment_id = m.segment_id and c.lead_id = m.lead_id)
),
figure as (
  update staged_figure f
  set members = f.members - c.members, score_sum = f.score_sum - c.micropoints
  from (
    select segment_id, sum(members) as members,
      sum(coalesce(s.micropoints, l.value * 1000000, 0)
        - case when stood then coalesce(l.value * 1000000, 0) else 0 end) as micropoints
    from counted
    left join dropped_score s on s.lead_id = counted.lead_id and s.position = $2::int
    left join lead_scores l on l.lead_id = counted.lead_id and l.score = $3::text
    group by segment_id
  ) as c
  where c.segment_id = f.segment_id
)
select count(*)::int as leads from gone;
