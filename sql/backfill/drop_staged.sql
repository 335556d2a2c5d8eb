-- The last statement of the transaction. What others had computed so far began from a history that is now another.
-- Returns run_id of each.
delete from backfills returning run_id;
