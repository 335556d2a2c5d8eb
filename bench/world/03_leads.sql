-- People: one in three belongs to no account; one in a hundred has left one for another. Some titles and sizes were
-- others before; a lead's lifecycle has come as far as it has.
create table lead_attributes as
with numbered as (select unnest(range(1, getvariable('leads') + 1)) as n),
drawn as (
  select n, first_seen(n) as seen, instant(1) as last,
    to_seconds(86400 + upto(20 * 86400, chance('pause', n))) as pause,
    account_of('account', n) as account, chance('linked', n) < 0.65 as linked, chance('moved', n) < 0.01 as moved,
    choice(['Manager', 'Manager', 'Specialist', 'Specialist', 'Analyst', 'Engineer', 'Director', 'Head', 'VP',
      'Chief Officer'], chance('rank', n)) as rank,
    choice(['Marketing', 'Sales', 'Operations', 'Engineering', 'Finance', 'Product'], chance('field', n)) as field,
    1 + upto(20000, pow(chance('size', n), 5)) as size,
    chance('stage', n) as stage
  from numbered
),
stages as (
  select n, 'lifecycle' as attribute, to_json(name) as value, seen + pause * step as since, last
  from drawn cross join (values ('subscriber', 0, 1.0), ('mql', 1, 0.4), ('sql', 2, 0.15), ('customer', 4, 0.05))
    as s(name, step, share)
  where stage < share
),
told as (
  select n, 'title' as attribute, to_json(rank || ' of ' || field) as value, seen as since, last from drawn
    where chance('untitled', n) < 0.92
  union all select n, 'title', to_json('VP of ' || field), seen + pause * 7, last from drawn
    where chance('promoted', n) < 0.04
  union all select n, 'department', to_json(field), seen, last from drawn where chance('field?', n) < 0.7
  union all select n, 'company_size', to_json(size), seen, last from drawn where chance('size?', n) < 0.85
  union all select n, 'company_size', to_json(size * 2), seen + pause * 5, last from drawn where chance('grew', n) < 0.05
  union all select n, 'industry', to_json(choice(['Technology', 'Technology', 'Healthcare', 'Retail', 'Finance',
    'Industry', 'Education', 'Media'], chance('industry', n))), seen, last from drawn where chance('industry?', n) < 0.8
  union all select n, 'country', to_json(choice(['US', 'US', 'US', 'GB', 'DE', 'DE', 'FR', 'AT', 'CH', 'IN', 'BR',
    'JP'], chance('country', n))), seen, last from drawn
  union all select n, 'source', to_json(choice(['organic', 'organic', 'ads', 'referral', 'event', 'list'],
    chance('source', n))), seen, last from drawn
  union all select n, 'subscribed', to_json(chance('subscribed', n) < 0.8), seen, last from drawn
    where chance('asked', n) < 0.9
  union all select n, 'trial_ends', to_json(written(seen + pause * 2)), seen + pause, last from drawn
    where chance('trial', n) < 0.12
  union all select n, '@account', to_json(account_of('before', n)), seen, last from drawn where linked and moved
  union all select n, '@account', to_json(account), if(moved, seen + pause * 10, seen), last from drawn where linked
  union all from stages
)
select n, attribute, value, since from told where since < last order by since, n, attribute;

create table leads_file as
with latest as (
  from lead_attributes qualify row_number() over (partition by n, attribute order by since desc) = 1
),
documents as (
  select n, json_group_object(attribute, value)::varchar as attributes from latest where attribute <> '@account' group by n
),
linked as (select n, value::varchar::bigint as account_id from latest where attribute = '@account')
select n as lead_id, 'L-' || n as external_id, account_id, written(first_seen(n)) as first_seen_at, attributes
from documents left join linked using (n) order by n;

create table changes_file as
select subject, n as subject_id, attribute, value::varchar as value, written(since) as from_at
from (
  select 'account' as subject, * from account_attributes
  union all select 'lead', * from lead_attributes
)
order by since, subject, n, attribute;
