-- Companies: a row per attribute and from when on it held, the last one last. Values are JSON.
create table account_attributes as
with numbered as (select unnest(range(1, accounts() + 1)) as n),
drawn as (
  select n, instant(0) - to_days(400) as since,
    choice(['free', 'free', 'free', 'team', 'team', 'business', 'enterprise'], chance('plan', n)) as plan,
    1 + upto(2000, pow(chance('seats', n), 5)) as seats,
    choice(['Technology', 'Healthcare', 'Retail', 'Finance', 'Industry', 'Education', 'Media'],
      chance('branch', n)) as industry,
    instant(1) + to_days(upto(365, chance('renewal', n))) as renewal,
    instant(chance('upgrade', n)) as upgraded
  from numbered
)
select n, 'plan' as attribute, to_json('free') as value, since from drawn
  where chance('upgrades', n) < 0.15 and plan <> 'free'
union all
select n, 'plan', to_json(plan), if(chance('upgrades', n) < 0.15 and plan <> 'free', upgraded, since) from drawn
union all select n, 'seats', to_json(seats), since from drawn
union all select n, 'industry', to_json(industry), since from drawn
union all select n, 'renewal', to_json(written(renewal)), since from drawn where plan <> 'free'
order by since, n, attribute;

create table accounts_file as
select n as account_id, 'A-' || n as external_id, json_group_object(attribute, value)::varchar as attributes
from (from account_attributes qualify row_number() over (partition by n, attribute order by since desc) = 1)
group by n order by n;
