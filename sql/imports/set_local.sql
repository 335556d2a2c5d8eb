-- Memory for the sorts and hashes of this transaction.
select set_config('work_mem', '128MB', true)
