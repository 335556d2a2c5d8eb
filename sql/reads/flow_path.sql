-- The leads that went down a path of segments within a time: in the first at its beginning or entering it until its
-- end, then entering each next one, by one of the causes, strictly after the instant of the one before; each as early
-- as it can.
-- $1 segment_ids in order bigint[], $2 beginning and $3 end timestamptz (both belong to it), $4 causes text[], $5 how
-- many leads to name int. Columns: step (from 1), leads, named (external ids, those who got there first, jsonb).
with recursive first_in as (
  select lead_id, min(as_of) as as_of
  from (
    select lead_id, $2::timestamptz as as_of
    from (
      select distinct on (lead_id) lead_id, change
      from membership_change where segment_id = ($1::bigint[])[1] and as_of <= $2::timestamptz
      order by lead_id, as_of desc
    ) as latest
    where change = 'entered'
    union all
    select lead_id, as_of from membership_change
    where segment_id = ($1::bigint[])[1] and change = 'entered' and as_of > $2::timestamptz and as_of <= $3::timestamptz
  ) as inside
  group by lead_id
),
walk as (
  select 1 as step, lead_id, as_of from first_in
  union all
  select w.step + 1, w.lead_id, next.as_of
  from walk w
  cross join lateral (
    select min(c.as_of) as as_of
    from membership_change c
    where c.segment_id = ($1::bigint[])[w.step + 1] and c.lead_id = w.lead_id and c.change = 'entered'
      and c.cause = any($4::text[]) and c.as_of > w.as_of and c.as_of <= $3::timestamptz
  ) next
  where next.as_of is not null
)
select s.step, count(w.lead_id) as leads,
  coalesce(to_jsonb((array_agg(l.external_id order by w.as_of, l.external_id) filter (where l.lead_id is not null))
    [1:case when s.step = cardinality($1::bigint[]) then $5::int else 0 end]), '[]') as named
from generate_series(1, cardinality($1::bigint[])) s(step)
left join walk w using (step)
left join leads l using (lead_id)
group by s.step
order by s.step
