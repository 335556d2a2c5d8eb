-- The scores of scoring.yaml as applied last. Columns: name, levels (text: name and lower bound, in order).
select score ->> 'name' as name, (
  select string_agg((level ->> 'name') || ' ' || (level ->> 'from'), ', ' order by place)
  from jsonb_array_elements(score -> 'levels') with ordinality as l(level, place)
) as levels
from scoring_versions, jsonb_array_elements(definition -> 'scores') as score
where version = (select max(version) from scoring_versions)
order by 1
