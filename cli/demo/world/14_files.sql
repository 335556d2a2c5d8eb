-- The rows of the files, as another system would export them: the hidden columns are gone. In the text files
-- instants are ISO 8601 in UTC.
create view accounts_file as
select account_id, name, industry, company_size, employees_range, plan, region
from accounts
order by a;

create view leads_file as
select
  lead_id, account_id, strftime(first_seen_at, '%Y-%m-%dT%H:%M:%SZ') as first_seen_at,
  email, name, title, country, persona, source, company_size, employees_range, industry
from people
order by n;

create view events_file as
select
  'e-' || lpad(cast(number as varchar), 6, '0') as event_id,
  'L-' || (10000 + n) as lead_id,
  type,
  cast(moment(d, s) as timestamptz) as occurred_at,
  page,
  channel,
  campaign,
  if(type in ('webinar_registered', 'webinar_attended'), content, null) as webinar,
  if(type = 'whitepaper_download', content, null) as asset,
  if(type = 'form_submit', content, null) as form,
  if(type = 'event_attended', content, null) as event_name,
  if(type = 'feature_used', content, null) as feature,
  if(type = 'api_call', content, null) as endpoint,
  if(type = 'support_ticket', content, null) as topic
from events
order by number;

create view conversions_file as
select
  'c-' || lpad(cast(row_number() over (order by d desc, s, n) as varchar), 4, '0') as event_id,
  'L-' || (10000 + n) as lead_id,
  strftime(moment(d, s), '%Y-%m-%dT%H:%M:%SZ') as occurred_at,
  'won' as kind,
  value
from won
order by d desc, s, n;
