-- How many leads there are after an incremental run: those that the last one saw, and those that came or went since.
-- Reads staged_state. Columns: leads.
select (
    select leads from runs where status = 'done' and mode <> 'backfill' order by as_of desc limit 1
  ) + count(*) filter (where n.present and not coalesce(s.present, false))
    - count(*) filter (where not n.present and coalesce(s.present, false)) as leads
from staged_state n left join lead_state s using (lead_id);
