-- Since when scores are recorded: the end of the first UTC day of which one is. $1 scores text[]. Columns: score, since.
select score, to_char((min(day) + 1)::timestamp, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as since
from score_history
where score = any($1::text[])
group by score
