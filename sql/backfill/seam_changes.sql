-- From the new state at the end of a range to the state recorded at its seam. A row that stands there already and
-- still says the truth keeps its cause; the others have the cause backfill. $1 run_id bigint, $2 as_of timestamptz.
with ended as (
  select segment_id, version, seam_at from backfill_chunk
  where run_id = $1::bigint and not settled and until_at <= $2::timestamptz and seam_at is not null
),
recorded as (
  select segment_id, lead_id
  from (
    select distinct on (c.segment_id, c.lead_id) c.segment_id, c.lead_id, c.change
    from recorded_change c join ended using (segment_id)
    where c.as_of <= ended.seam_at
    order by c.segment_id, c.lead_id, c.as_of desc
  ) as latest
  where change = 'entered'
),
wanted as (
  select coalesce(r.segment_id, h.segment_id) as segment_id, coalesce(r.lead_id, h.lead_id) as lead_id,
    case when r.lead_id is null then 'left' else 'entered' end as change
  from recorded r
  full join (select h.* from held_member h join ended using (segment_id)) h
    on h.segment_id = r.segment_id and h.lead_id = r.lead_id
  where r.lead_id is null or h.lead_id is null
)
insert into backfill_change (run_id, segment_id, lead_id, as_of, change, cause, version, by_run_id, seam)
select $1::bigint, w.segment_id, w.lead_id, k.seam_at, w.change,
  coalesce(s.cause, 'backfill'), coalesce(s.version, k.version), coalesce(s.run_id, $1::bigint), true
from wanted w
join ended k using (segment_id)
left join recorded_change s
  on s.segment_id = w.segment_id and s.lead_id = w.lead_id and s.as_of = k.seam_at and s.change = w.change;
