-- The leads as a CRM would export them: names, titles, and the account's figures copied to each lead.
create table people as
with drawn as (
  select
    l.n, l.kind, l.first_day, l.persona, l.a,
    choice(first_names(), chance('first', l.n)) as first_name,
    choice(last_names(), chance('last', l.n)) as last_name,
    case l.persona
      when 'Marketer' then choice(['VP of Marketing', 'Marketing Manager', 'Demand Generation Lead',
        'Content Strategist', 'Director of Growth'], chance('title', l.n))
      when 'Seller' then choice(['Sales Director', 'Account Executive', 'Head of Sales',
        'Sales Operations Manager'], chance('title', l.n))
      when 'Engineer' then choice(['Software Engineer', 'Data Engineer', 'Engineering Manager', 'CTO'],
        chance('title', l.n))
      when 'Analyst' then choice(['Data Analyst', 'RevOps Analyst', 'Business Analyst'], chance('title', l.n))
      else choice(['CEO', 'COO', 'Founder', 'CFO'], chance('title', l.n))
    end as title,
    choice(['US', 'US', 'US', 'GB', 'DE', 'DE', 'FR', 'NL', 'SE', 'ES', 'IN', 'SG', 'AU', 'BR', 'CA'],
      chance('country', l.n)) as country,
    if(l.kind = 'summit', 'Harbor Summit', choice(['Organic Search', 'Organic Search', 'Paid Search', 'Content',
      'Webinar', 'Partner', 'Referral', 'Outbound List'], chance('source', l.n))) as source
  from leads as l
),
-- The cast has its own names; and some fields of the others nobody filled in.
filled as (
  select
    * replace (
      case when n = 442 then 'Dana' when n in (1234, 14321) then 'Priya' else first_name end as first_name,
      case when n = 442 then 'Whitfield' when n in (1234, 14321) then 'Raman' else last_name end as last_name,
      case
        when n = 442 then 'VP of Marketing'
        when n = 14321 or chance('no title', n) < 0.06 then null
        else title
      end as title,
      case when chance('no persona', n) < 0.12 then null else persona end as persona,
      case when chance('no country', n) < 0.04 then null else country end as country,
      case when kind <> 'summit' and chance('no source', n) < 0.03 then null else source end as source
    )
  from drawn
),
addressed as (
  select
    f.*,
    coalesce(lower(replace(accounts.name, ' ', '')), 'post') || '.example' as domain,
    row_number() over (partition by first_name, last_name, f.a order by n) as namesake
  from filled as f
  left join accounts on accounts.a = f.a
)
select
  p.n,
  'L-' || (10000 + p.n) as lead_id,
  accounts.account_id,
  moment(p.first_day, upto(25200, chance('first seen', p.n))) as first_seen_at,
  case
    when p.n = 14321 then 'Priya.Raman@' || domain     -- planted: the same address in other letters
    when chance('no email', p.n) < 0.02 and p.kind <> 'cast' then null
    else lower(first_name || '.' || last_name)
      || if(namesake > 1, cast(namesake as varchar), '') || '@' || domain
  end as email,
  first_name || ' ' || last_name as name,
  p.title,
  p.country,
  p.persona,
  p.source,
  accounts.company_size,
  accounts.employees_range,
  accounts.industry
from addressed as p
left join accounts on accounts.a = p.a
