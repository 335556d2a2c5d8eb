-- What a run did to each segment that it changed, first evaluated or could not evaluate. $1 run_id bigint.
-- Columns: segment, version, outcome, entered, left, causes, error_code, error.
with changes as (
  select c.segment_id, max(c.version) as version,
    count(*) filter (where c.change = 'entered') as entered,
    count(*) filter (where c.change = 'left') as "left",
    string_agg(distinct c.cause, ', ') as causes
  from segments s
  cross join (select as_of, mode, options from runs where run_id = $1::bigint) r
  join membership_change c on c.segment_id = s.segment_id and c.run_id = $1::bigint
    and (r.mode = 'backfill' or c.as_of = r.as_of)
  group by c.segment_id
)
select s.key as segment, coalesce(o.version, c.version) as version, coalesce(o.outcome, 'done') as outcome,
  coalesce(c.entered, 0) as entered, coalesce(c."left", 0) as "left", c.causes,
  o.error ->> 'code' as error_code, o.error ->> 'message' as error
from segments s
left join run_segments o on o.segment_id = s.segment_id and o.run_id = $1::bigint
left join changes c on c.segment_id = s.segment_id
where o.segment_id is not null or c.segment_id is not null
order by s.key
