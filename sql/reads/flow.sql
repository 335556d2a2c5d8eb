-- Who moved from which segment to which within a time. In a segment "within it" was who was in it at its beginning or
-- entered it until its end, by whatever cause. A lead moved from A to B if it entered B, by one of the causes, strictly
-- after an instant of the time at which it was in A; from A to A: if it came back.
-- $1 segment_ids bigint[], $2 beginning and $3 end timestamptz (both belong to it), $4 causes text[].
-- Columns: from_id, to_id, moved, in_from (leads that were in "from" within the time), entered_to (leads that entered
-- "to" by one of the causes).
with keys as (select distinct segment_id from unnest($1::bigint[]) k(segment_id)),
held as (
  select segment_id, lead_id
  from (
    select distinct on (c.segment_id, c.lead_id) c.segment_id, c.lead_id, c.change
    from membership_change c join keys using (segment_id)
    where c.as_of <= $2::timestamptz
    order by c.segment_id, c.lead_id, c.as_of desc
  ) as latest
  where change = 'entered'
),
entry as (
  select c.segment_id, c.lead_id, c.as_of, c.cause
  from membership_change c join keys using (segment_id)
  where c.change = 'entered' and c.as_of > $2::timestamptz and c.as_of <= $3::timestamptz
),
-- The earliest instant is enough: whoever entered B after a later one entered it after this one.
first_in as (
  select segment_id, lead_id, min(as_of) as as_of
  from (
    select segment_id, lead_id, $2::timestamptz as as_of from held
    union all
    select segment_id, lead_id, as_of from entry
  ) as inside
  group by segment_id, lead_id
),
last_entry as (
  select segment_id, lead_id, max(as_of) as as_of
  from entry where cause = any($4::text[])
  group by segment_id, lead_id
),
moved as (
  select f.segment_id as from_id, t.segment_id as to_id, count(*) as moved
  from first_in f join last_entry t on t.lead_id = f.lead_id and t.as_of > f.as_of
  group by 1, 2
),
been as (select segment_id, count(*) as leads from first_in group by segment_id),
arrived as (select segment_id, count(*) as leads from last_entry group by segment_id)
select f.segment_id as from_id, t.segment_id as to_id, coalesce(m.moved, 0) as moved,
  coalesce(b.leads, 0) as in_from, coalesce(a.leads, 0) as entered_to
from keys f cross join keys t
left join moved m on m.from_id = f.segment_id and m.to_id = t.segment_id
left join been b on b.segment_id = f.segment_id
left join arrived a on a.segment_id = t.segment_id
