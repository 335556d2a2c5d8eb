-- The figures of all chunks together: each evaluated segment has some. Runs on DuckDB. $1 position of the main score
-- (0: there is none). Reads figure, planned. Columns: segment_id, members, score_sum.
select segment_id, coalesce(sum(members), 0) as members,
  case when $1 > 0 then coalesce(sum(score_sum), 0) end as score_sum
from planned left join figure using (segment_id)
group by segment_id
