-- Leads that were removed while the backfill went on, together with all that was written about them, get nothing back.
-- (Where that still stands, so does what was found of them: the next run sees that they are gone.) Whoever removes holds
-- run_lease meanwhile, as the backfill does now. $1 run_id bigint, $2 horizon of the backfill xid8.
with gone as materialized (
  select lead_id from tombstone t
  where ingest_xid >= $2::text::xid8 and not exists (select from leads l where l.lead_id = t.lead_id)
),
nobody as materialized (
  select lead_id from gone where not exists (select from membership_change c where c.lead_id = gone.lead_id)
),
changes as (
  delete from backfill_change c using nobody where c.run_id = $1::bigint and c.lead_id = nobody.lead_id
),
held as (delete from held_member h using nobody where h.lead_id = nobody.lead_id)
delete from backfill_score s using gone
where s.run_id = $1::bigint and s.lead_id = gone.lead_id
  and not exists (select from score_history h where h.lead_id = gone.lead_id);
