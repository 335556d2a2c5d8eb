-- The last horizons of runs, rising. $1 how many bigint. Column: horizon.
select horizon::text as horizon
from (select distinct horizon from runs order by horizon desc limit $1::bigint) as last
order by last.horizon;
