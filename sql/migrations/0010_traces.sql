-- What runs left without a trace: leads that are gone, and roll-ups that fail.

-- Nothing else would tell runs who has to leave every segment.
create table tombstone (
  lead_id bigint primary key,
  ingest_xid xid8 not null default pg_current_xact_id()
);
comment on table tombstone is 'Leads that were removed. Their numbers are never given again.';
create index tombstone_ingest on tombstone (ingest_xid);
create function record_removal() returns trigger language plpgsql as $$
begin
  insert into tombstone (lead_id) select lead_id from old_rows
  on conflict (lead_id) do update set ingest_xid = excluded.ingest_xid;
  return null;
end $$;
create trigger leads_removed after delete on leads referencing old table as old_rows
  for each statement execute function record_removal();

alter table runs add column rollup_error jsonb;
comment on column runs.rollup_error is 'Why its figures could not be rolled up so far: a code and a sentence. It is tried again before the next run.';
