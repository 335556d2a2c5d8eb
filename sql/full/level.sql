-- The levels of each score. Runs on DuckDB. $1 JSON: a list of score, position (from 1), level (null: it has none),
-- begins and ends in micro-points (null: unbounded). Columns: the same.
select unnest(
  from_json($1, '[{"score": "VARCHAR", "position": "INTEGER", "level": "VARCHAR", "begins": "HUGEINT", "ends": "HUGEINT"}]'),
  recursive := true)
