-- Copies the rows that have a verdict from `staged` to `refused`.
insert into refused
select s.row_number, s.problem, s.about, s.event_id, s.lead_id, s.account_id, s.type, s.occurred_at, s.first_seen_at,
  s.changed_at, s.document, coalesce(s.rest, d.rest), i.verdict[1], i.verdict[2], left(i.verdict[3], 40)
from incoming i
join staged s on s.row_number = i.row_number
left join said d on d.document = s.document
where i.verdict is not null
