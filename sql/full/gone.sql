-- Who stands in a segment, or was seen by the run before, and is no lead. Runs on DuckDB. Columns: lead_id.
select lead_id
from (select lead_id from held union select lead_id from stated union select lead_id from later)
anti join leads using (lead_id)
