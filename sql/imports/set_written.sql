-- Tells the triggers of leads and accounts, within this transaction, that the import itself writes attribute_change.
-- $1 text: written, or '' when it no longer does.
select set_config('tideline.attribute_change', $1, true)
