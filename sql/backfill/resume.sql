-- The backfill of this kind that was interrupted. $1 asked jsonb, $2 meaning text. Columns: run_id, horizon.
select b.run_id, r.horizon::text as horizon
from backfills b join runs r using (run_id)
where b.asked = $1::jsonb and b.meaning = $2::text and b.seen_at > clock_timestamp() - interval '1 day'
order by b.run_id desc
limit 1;
