-- Changes the leads of `patches` that differ, and only those, and notes them in `touched`.
with changed as (
  update leads l set attributes = n.attributes, account_id = n.account_id, first_seen_at = n.first_seen_at
  from (
    select l.lead_id, (l.attributes || p.stored) - p.removed as attributes,
      case when p.account is null then l.account_id else a.account_id end as account_id,
      least(l.first_seen_at, p.first_seen_at) as first_seen_at
    from patches p join leads l on l.external_id = p.external_id left join accounts a on a.external_id = p.account
  ) as n
  where n.lead_id = l.lead_id
    and (l.attributes, l.account_id, l.first_seen_at) is distinct from (n.attributes, n.account_id, n.first_seen_at)
  returning l.lead_id
)
insert into touched select lead_id from changed on conflict do nothing
