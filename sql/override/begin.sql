-- From an instant on, leads are in a segment or out of it because a hand says so. $1 segment_id bigint,
-- $2 external ids text[], $3 list 'added' or 'removed', $4 from, $5 until timestamptz (null: until it is undone),
-- $6 by whom text.
insert into segment_list (segment_id, lead_id, list, from_at, until_at, until_xid, created_by)
select $1::bigint, lead_id, $3::text, $4::timestamptz, $5::timestamptz,
  case when $5::timestamptz is not null then pg_current_xact_id() end, $6::text
from leads where external_id = any($2::text[])
