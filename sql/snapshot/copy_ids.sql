-- The ids of a file.
copy snapshot_id (place, id) from stdin (format csv)
