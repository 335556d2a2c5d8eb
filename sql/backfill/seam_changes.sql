-- From the new state at the end of the range to the state recorded at the seam. A row that stands there already and
-- still says the truth keeps its cause; the others have the cause backfill. $1 run_id bigint, $2 segment_ids bigint[],
-- $3 versions int[].
with recorded as (
  select segment_id, lead_id
  from (
    select distinct on (c.segment_id, c.lead_id) c.segment_id, c.lead_id, c.change
    from membership_change c join seam using (segment_id)
    where c.as_of <= seam.as_of
    order by c.segment_id, c.lead_id, c.as_of desc
  ) as latest
  where change = 'entered'
),
wanted as (
  select coalesce(r.segment_id, h.segment_id) as segment_id, coalesce(r.lead_id, h.lead_id) as lead_id,
    case when r.lead_id is null then 'left' else 'entered' end as change
  from recorded r
  full join (select h.* from held_member h join seam using (segment_id) where seam.as_of is not null) h
    on h.segment_id = r.segment_id and h.lead_id = r.lead_id
  where r.lead_id is null or h.lead_id is null
),
standing as (
  select c.* from membership_change c join seam on seam.segment_id = c.segment_id and seam.as_of = c.as_of
),
removed as (
  delete from membership_change c
  using standing s
  where c.segment_id = s.segment_id and c.lead_id = s.lead_id and c.as_of = s.as_of
    and not exists (
      select from wanted w where w.segment_id = s.segment_id and w.lead_id = s.lead_id and w.change = s.change
    )
  returning c.segment_id
)
insert into membership_change (segment_id, lead_id, as_of, change, cause, version, run_id)
select w.segment_id, w.lead_id, seam.as_of, w.change, 'backfill', v.version, $1::bigint
from wanted w
join seam using (segment_id)
join unnest($2::bigint[], $3::int[]) v(segment_id, version) on v.segment_id = w.segment_id
where (select count(*) from removed) >= 0
  and not exists (
    select from standing s where s.segment_id = w.segment_id and s.lead_id = w.lead_id and s.change = w.change
  )
on conflict (segment_id, lead_id, as_of) do update
  set change = excluded.change, cause = excluded.cause, version = excluded.version, run_id = excluded.run_id;
