-- Moves the first sight of leads that `incoming` knows to be older, and notes them in `touched`.
with earlier as (
  update leads l set first_seen_at = i.first_seen_at
  from (select lead_id, min(first_seen_at) as first_seen_at from incoming group by lead_id) as i
  where i.lead_id = l.external_id and i.first_seen_at < l.first_seen_at
  returning l.lead_id
)
insert into touched select lead_id from earlier on conflict do nothing
