-- Removes scores that are no longer defined. $1 names that are text[].
delete from lead_scores where score <> all($1::text[]);
