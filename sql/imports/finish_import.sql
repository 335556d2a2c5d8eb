-- Records what an import took. $1 bigint: import_id. $2 … $7 bigint: rows read, taken, already here, new leads,
-- new accounts, rows quarantined.
update imports set status = 'done', finished_at = clock_timestamp(), rows_read = $2, rows_taken = $3,
  rows_already_here = $4, new_leads = $5, new_accounts = $6, rows_quarantined = $7
where import_id = $1
