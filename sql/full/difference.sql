-- The bits of one chunk that differ from membership. Runs on DuckDB. Reads evaluated(lead_id, words, scores, due_at),
-- held, planned, chunk_lead. Columns: segment_id, lead_id, change.
with evaluated_word as (
  select lead_id, unnest(words) as bits, generate_subscripts(words, 1) as word from evaluated
),
held_word as (
  select lead_id, word, bits from held semi join chunk_lead using (lead_id)
),
turned as (
  select lead_id, word, coalesce(e.bits, 0) as bits, xor(coalesce(e.bits, 0), coalesce(h.bits, 0)) as turned
  from (from evaluated_word where bits <> 0) e full join held_word h using (lead_id, word)
)
select segment_id, lead_id, case when bits & bit <> 0 then 'entered' else 'left' end as change
from (from turned where turned <> 0) join planned using (word)
where turned & bit <> 0
