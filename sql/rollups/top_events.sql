-- Which events the members of each segment did most, in the 30 days before as_of. Runs on DuckDB.
-- $1 as_of timestamp. Reads events(lead_id, type, occurred_at), membership(segment_id, lead_id).
-- Columns: segment_id, as_of, rank (1 = most members did it), type, events, leads (members who did it), members.
with sizes as (
  select segment_id, count(*) as members from membership group by segment_id
),
recent as (
  select lead_id, type, count(*) as events
  from events
  where occurred_at >= cast($1 as timestamp) - interval 30 day and occurred_at <= cast($1 as timestamp)
  group by lead_id, type
),
counted as (
  select segment_id, type, sum(events) as events, count(*) as leads
  from membership join recent using (lead_id)
  group by segment_id, type
),
ranked as (
  select *, row_number() over (partition by segment_id order by leads desc, events desc, type) as rank
  from counted
)
select segment_id, cast($1 as timestamp) as as_of, rank, type, events, leads, members
from ranked join sizes using (segment_id)
where rank <= 10
order by segment_id, rank
