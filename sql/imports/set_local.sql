-- Settings of this transaction: memory for its sorts and hashes, and the time zone of instants that name none ($1 text),
-- which the view `ready` reads.
select set_config('work_mem', '128MB', true), set_config('tideline.import_timezone', $1, true)
