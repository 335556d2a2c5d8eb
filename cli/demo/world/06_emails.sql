-- Mail goes to everybody once a fortnight, on a day of their own. A fifth unsubscribe at some time, and
-- those who only glanced are taken off the list after five months. Mail is opened by interest. Being sent
-- mail is not activity; opening it is.
create table emails as
with sent as (
  select
    l.n,
    cast(d as integer) as d,
    28800 + upto(7200, chance('sent at', l.n, d)) as s,
    choice(['monthly-digest', 'product-tips', 'customer-stories', 'webinar-invite'],
      ((d // 14) % 4 + 0.5) / 4) as campaign
  from leads as l
  cross join range(1, 366) t(d)
  where d < l.first_day
    and (d + l.n) % 14 = 0
    and (l.kind <> 'glance' or l.first_day - d <= 150)
    and (chance('unsubscribes', l.n) >= 0.2 or d > l.first_day * chance('unsubscribed', l.n))
),
opened as (
  select
    e.n, e.d, e.s + 300 + upto(36000, chance('opened at', e.n, e.d) * chance('opened at', e.n, e.d)) as s,
    e.campaign
  from sent as e
  join interest as i using (n, d)
  where chance('open', e.n, e.d) < least(0.9, i.opener * i.interest + 4 * i.whim)
)
select n, d, s, 'email_sent' as type, campaign from sent
union all
select n, d, s, 'email_open', campaign from opened
union all
select n, d, s + 40, 'email_click', campaign from opened where chance('click', n, d) < 0.22
