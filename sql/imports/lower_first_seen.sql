-- Moves the first sight of leads that `staged` knows to be older, and notes them in `touched`. $1 text: time zone.
with earlier as (
  update leads l set first_seen_at = s.first_seen_at
  from (select lead_id, min(as_instant(first_seen_at, $1)) as first_seen_at from staged group by lead_id) as s
  where s.lead_id = l.external_id and s.first_seen_at < l.first_seen_at
  returning l.lead_id
)
insert into touched select lead_id from earlier on conflict do nothing
