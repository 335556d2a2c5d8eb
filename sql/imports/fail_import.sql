-- Records that an import failed and took nothing. $1 bigint: import_id. $2 text: why.
update imports set status = 'failed', finished_at = clock_timestamp(), error = $2
where import_id = $1 and status = 'running'
