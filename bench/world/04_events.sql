-- What is drawn for an event, and what it carries. One list element per thousandth, so that drawing is a look-up.
set variable types = (
  select flatten(list(list_resize([type], share, type) order by n)) from (values
    (1, 'page_view', 310), (2, 'email_sent', 160), (3, 'email_open', 120), (4, 'crm_sync', 90), (5, 'login', 80),
    (6, 'feature_used', 70), (7, 'api_call', 50), (8, 'email_click', 40), (9, 'ad_click', 25), (10, 'form_submit', 12),
    (11, 'whitepaper_download', 10), (12, 'webinar_registered', 8), (13, 'webinar_attended', 5),
    (14, 'support_ticket', 6), (15, 'trial_signup', 4), (16, 'invite_sent', 4), (17, 'demo_request', 2),
    (18, 'purchase', 2), (19, 'quote_requested', 1), (20, 'unsubscribe', 1)) t(n, type, share));

create macro page(u) as case
  when u < 0.06 then '/pricing' when u < 0.25 then '/' when u < 0.40 then '/docs/' || upto(30, u * 1000 % 1)
  else '/blog/' || upto(200, u * 1000 % 1) end;
create macro campaign(u) as choice(['brand', 'retargeting', 'q1-launch', 'q2-launch', 'newsletter'], u);
create macro channel(u) as choice(['organic', 'organic', 'direct', 'direct', 'paid', 'social', 'referral'], u);

create macro properties(type, i, u, v) as case
  when type = 'page_view' then '{"page": "' || page(u) || '", "seconds": ' || upto(300, cube(v)) || ', "channel": "'
    || channel(u * 7919 % 1) || '", "visit": "' || to_hex(hash(i)) || '"}'
  when type = 'ad_click' then '{"campaign": "' || campaign(u) || '", "cost": ' || upto(900, v) / 100 || '}'
  when type in ('email_sent', 'email_open', 'email_click') then
    '{"campaign": "' || campaign(u) || '", "message": "' || upto(40, v) || '"}'
  when type = 'feature_used' then '{"feature": "' || choice(['reports', 'alerts', 'exports', 'boards', 'sharing',
    'search', 'import', 'rules'], u) || '", "seconds": ' || upto(600, v) || '}'
  when type = 'api_call' then '{"endpoint": "/v1/' || choice(['leads', 'events', 'segments'], u) || '", "status": '
    || if(v < 0.02, 500, 200) || ', "ms": ' || upto(900, cube(v)) || '}'
  when type = 'purchase' then '{"amount": ' || upto(1000000, cube(v)) / 100 || ', "value": '
    || upto(1000000, cube(v)) / 100 || ', "currency": "EUR", "kind": "' || choice(['won', 'expansion'], u) || '"}'
  when type = 'support_ticket' then '{"priority": "' || choice(['low', 'low', 'normal', 'high'], u) || '"}'
  when type in ('form_submit', 'whitepaper_download', 'webinar_registered', 'webinar_attended') then
    '{"content": "' || choice(['guide', 'checklist', 'benchmark', 'course'], u) || '"}'
  else '{}' end;

create macro event_id(i) as lpad(lower(to_hex(hash(hash(getvariable('seed'), 'event', i)))), 16, '0');
-- The i-th of all events lies where as many had happened, when each lead does as much as any other.
create macro passed(i) as
  (sqrt(0.0225 + 1.7 * 0.575 * ((i + chance('when', i)) / getvariable('events'))) - 0.15) / 0.85;

-- Events number `from_` to below `until_`, in the order of time.
create macro events_between(from_, until_) as table
with numbered as (select i, passed(i) as f from range(from_, until_) t(i)),
drawn as (
  select i, actor(known_leads(f), i) as lead_id, getvariable('types')[1 + upto(1000, chance('type', i))] as type,
    by_day(instant(f)) as occurred_at
  from numbered
)
select event_id(i) as event_id, lead_id, type, written(occurred_at) as occurred_at,
  properties(type, i, chance('u', i), chance('v', i)) as properties, written(occurred_at) as ingested_at
from drawn;
