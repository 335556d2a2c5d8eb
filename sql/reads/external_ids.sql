-- The ids that people know leads by. $1 lead_ids bigint[]. Columns: id (internal), lead_id.
select lead_id as id, external_id as lead_id from leads where lead_id = any($1::bigint[]);
