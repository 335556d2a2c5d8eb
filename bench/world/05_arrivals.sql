-- What comes in between two instants: for `wanted` leads, events of each (one in twenty told late), now and then
-- another size of the company, and for one lead in fifty a lead nobody had heard of. `first_` is the number of the
-- first event drawn; no two arrivals may share numbers.
create macro arriving_leads(first_, wanted) as table
select lead_id, i from (
  select actor(getvariable('leads'), i) as lead_id, min(i) as i
  from range(first_, first_ + 12 * wanted + 100) t(i) group by all)
order by i limit wanted;

create macro between_instants(from_, until_, u) as
  from_ + to_microseconds(1 + upto(date_diff('microsecond', from_, until_) - 1, u));

create macro arriving_events(first_, wanted, from_, until_) as table
with several as (
  select lead_id, i * 4 + k as i from arriving_leads(first_, wanted), range(4) t(k)
  where k = 0 or chance('more', i * 4 + k) < 0.4
),
drawn as (
  select i, lead_id, getvariable('types')[1 + upto(1000, chance('type', i))] as type,
    between_instants(from_, until_, chance('at', i))
      - if(chance('told late', i) < 0.05, to_seconds(upto(20 * 86400, chance('how late', i))), to_seconds(0))
      as occurred_at
  from several
)
select event_id(i) as event_id, lead_id, type, written(occurred_at) as occurred_at,
  properties(type, i, chance('u', i), chance('v', i)) as properties, written(until_) as ingested_at
from drawn order by occurred_at;

create macro arriving_changes(first_, wanted, from_, until_) as table
select 'lead' as subject, lead_id as subject_id, 'company_size' as attribute,
  upto(20000, pow(chance('new size', i), 5))::varchar as value, written(between_instants(from_, until_, 0.5)) as from_at
from arriving_leads(first_, wanted) where chance('resized', i) < 0.1 order by lead_id;

create macro arriving_strangers(first_, wanted, from_, until_) as table
select 'N-' || i as external_id, written(between_instants(from_, until_, chance('seen', i))) as first_seen_at,
  '{}' as attributes
from arriving_leads(first_, wanted) where chance('stranger', i) < 0.02 order by i;
