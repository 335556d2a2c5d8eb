-- The last statement of the transaction. What others had computed so far began from a history that is now another.
delete from backfills;
