-- How many rows had arrived before a run and were not seen by it, since a transaction older than they was still open.
-- $1 run_id bigint, $2 the transaction that was next when the run was asked for, xid8 as text. Columns: rows.
select (select count(*) from events where ingest_xid >= r.horizon and ingest_xid < $2::text::xid8)
  + (select count(*) from attribute_change where ingest_xid >= r.horizon and ingest_xid < $2::text::xid8)
  + (select count(*) from segment_list where ingest_xid >= r.horizon and ingest_xid < $2::text::xid8)
  + (select count(*) from segment_list where until_xid >= r.horizon and until_xid < $2::text::xid8) as rows
from runs r where r.run_id = $1::bigint
