-- From when to when there are runs: the first and the last as_of, cut to whole seconds; no row where a backfill would
-- have nothing to do between them. Columns: from, until (both as people write them).
select to_char(min(as_of) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "from",
  to_char(max(as_of) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as until
from runs
where status = 'done'
having date_trunc('second', min(as_of)) < date_trunc('second', max(as_of));
