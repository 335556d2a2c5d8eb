-- How many leads of one chunk are in each segment, and what their main score comes to. Runs on DuckDB. $1 position of
-- the main score (from 1; 0: there is none). Reads evaluated, planned. Columns: segment_id, members, score_sum.
with evaluated_word as (
  select unnest(words) as bits, generate_subscripts(words, 1) as word, scores[$1] as micropoints from evaluated
)
select segment_id, count(*) as members, cast(sum(micropoints) as hugeint) as score_sum
from (from evaluated_word where bits <> 0) join planned using (word)
where bits & bit <> 0
group by segment_id
