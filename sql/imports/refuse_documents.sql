-- Moves the rows whose properties or attributes can't be taken from `staged` to `refused`.
with gone as (
  delete from staged s using documents d
  where d.problem is not null and d.type = coalesce(s.type, '') and d.rest = s.rest and d.iso = s.iso
  returning s.*, d.problem as code
)
insert into refused
select row_number, problem, about, event_id, lead_id, account_id, type, occurred_at, first_seen_at, changed_at, rest, iso,
  code, null, null
from gone
