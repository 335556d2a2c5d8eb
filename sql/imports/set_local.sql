-- Settings of this transaction: memory for its sorts and hashes, and ($1 text: written or '') whether the import
-- writes attribute_change itself.
select set_config('work_mem', '128MB', true), set_config('tideline.attribute_change', $1, true)
