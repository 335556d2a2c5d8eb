-- Postgres: the names that definitions may use, as imports would have found them. Run once, after the events.
with properties (types, name, type) as (values
  ('page_view', 'page', 'text'), ('page_view feature_used', 'seconds', 'number'), ('page_view', 'channel', 'text'),
  ('page_view', 'visit', 'text'), ('ad_click email_sent email_open email_click', 'campaign', 'text'),
  ('ad_click', 'cost', 'number'), ('email_sent email_open email_click', 'message', 'text'),
  ('feature_used', 'feature', 'text'), ('api_call', 'endpoint', 'text'), ('api_call', 'status', 'number'),
  ('api_call', 'ms', 'number'), ('purchase', 'amount', 'number'), ('purchase', 'value', 'number'),
  ('purchase', 'currency', 'text'), ('purchase', 'kind', 'text'), ('support_ticket', 'priority', 'text'),
  ('form_submit whitepaper_download webinar_registered webinar_attended', 'content', 'text')
),
attributes (subject, name, type) as (values
  ('lead', 'title', 'text'), ('lead', 'department', 'text'), ('lead', 'company_size', 'number'),
  ('lead', 'industry', 'text'), ('lead', 'country', 'text'), ('lead', 'source', 'text'),
  ('lead', 'subscribed', 'boolean'), ('lead', 'trial_ends', 'instant'), ('lead', 'lifecycle', 'text'),
  ('account', 'plan', 'text'), ('account', 'seats', 'number'), ('account', 'industry', 'text'),
  ('account', 'renewal', 'instant')
),
types as (
  insert into event_types (type)
  select unnest(regexp_split_to_array('page_view email_sent email_open email_click crm_sync login feature_used
    api_call ad_click form_submit whitepaper_download webinar_registered webinar_attended support_ticket trial_signup
    invite_sent demo_request purchase quote_requested unsubscribe', '\s+'))
  on conflict do nothing
)
insert into catalog (subject, event_type, name, type)
select 'event', unnest(string_to_array(types, ' ')), name, type from properties
union all select subject, '', name, type from attributes
on conflict do nothing
