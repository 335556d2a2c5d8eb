-- Which statements no run executed before. $1 hashes text[]. Returns hash.
select given.hash
from unnest($1::text[]) as given (hash)
where not exists (select from run_statements known where known.hash = given.hash);
