-- Held while the schedule is written, since doing so twice at once fails on some backends. $1 schema text.
select pg_advisory_xact_lock(hashtext('tideline schedule ' || $1::text));
