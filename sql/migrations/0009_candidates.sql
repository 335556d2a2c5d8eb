-- What runs need to look at no more than what changed, and to say how they went about it.

-- Rewritten whenever first_seen_at is moved, so that a run sees the lead again; `ingest_xid` stays what it was.
alter table leads add column changed_xid xid8 not null default pg_current_xact_id();
comment on column leads.changed_xid is 'The transaction that last changed since when the lead exists.';
create index leads_changed on leads (changed_xid);
create function record_first_seen() returns trigger language plpgsql as $$
begin
  new.changed_xid := pg_current_xact_id();
  return new;
end $$;
create trigger leads_moved before update of first_seen_at on leads
  for each row when (old.first_seen_at is distinct from new.first_seen_at) execute function record_first_seen();

-- Events and values of one day are found without reading all others; where rows come in by the order of time, nearly
-- for free.
create index events_occurred on events using brin (occurred_at timestamptz_minmax_multi_ops)
  with (autosummarize = on);
create index attribute_change_from on attribute_change using brin (from_at timestamptz_minmax_multi_ops)
  with (autosummarize = on);
create index attribute_change_account on attribute_change (value) where subject = 'lead' and attribute = '@account';
create index segment_list_until on segment_list (until_xid) where until_xid is not null;

-- How each lead stood after the last applied run.
create table lead_state (
  lead_id bigint primary key,
  present boolean not null,
  due_at timestamptz
) with (fillfactor = 80);
comment on table lead_state is 'Which leads the last applied run saw, and when each is to be looked at again. Written by runs alone.';
comment on column lead_state.present is 'Whether it existed as of the last applied run.';
comment on column lead_state.due_at is 'When it may come or go, or get other points, by time alone: the next such instant up to the next midnight in UTC, when all leads are looked at.';
create index lead_state_due on lead_state (due_at) where due_at is not null;

alter table runs
  add column chosen jsonb,
  add column candidates jsonb,
  add column engine text check (engine in ('postgres', 'duckdb')),
  add column drift bigint;
comment on column runs.chosen is 'Why the run was made in this mode: a code and a sentence.';
comment on column runs.candidates is 'How many leads an incremental run looked at, and how many of them for which reason.';
comment on column runs.engine is 'Where the leads were evaluated.';
comment on column runs.drift is 'Differences that a full run found and no change explains: repaired. Null where that was not looked for.';

create table run_drift (
  run_id bigint not null references runs,
  segment_id bigint references segments,
  leads bigint not null,
  sample bigint[] not null,
  unique nulls not distinct (run_id, segment_id)
);
comment on table run_drift is 'Differences that a full run repaired, per segment (null: scores), with some of the leads.';

alter table run_segments drop constraint run_segments_outcome_check;
alter table run_segments add constraint run_segments_outcome_check
  check (outcome in ('done', 'broken', 'blocked', 'superseded', 'needs_approval'));
alter table segment_state drop constraint segment_state_state_check;
alter table segment_state add constraint segment_state_state_check
  check (state in ('ok', 'broken', 'blocked', 'needs_approval'));
alter table segment_state
  add column meaning text,
  add column approved_by text,
  add column failures integer not null default 0,
  add column retry_at timestamptz;
comment on column segment_state.meaning is 'Fingerprint of all that the members hang on, as the last run understood it.';
comment on column segment_state.approved_by is 'Who let the parked change through: the next run applies it, however large it is.';
comment on column segment_state.failures is 'How many runs in a row could not evaluate it.';
comment on column segment_state.retry_at is 'No run tries it before.';

-- What runs executed: each text once, since it stays the same from run to run.
create table run_statements (
  hash text primary key,
  sql text not null
);

-- The cluster whose transaction ids the horizon and ingest_xid are. After a restore elsewhere they mean nothing.
create table cluster (
  only_row boolean primary key default true check (only_row),
  system_identifier bigint not null,
  restored_after bigint
);
comment on column cluster.restored_after is 'The run that was applied last when it was found to be another cluster: the next one looks at all leads.';

-- How many leads of each segment somebody was shown to change by a version, and let pass.
alter table segment_versions add column accepted_change bigint;
alter table scoring_versions add column accepted_changes jsonb;
comment on column segment_versions.accepted_change is 'How many leads the version would move, as whoever applied it was shown and agreed to. Null: nobody was.';
comment on column scoring_versions.accepted_changes is 'Per segment (its id), how many leads the rules would move, as whoever applied them was shown and agreed to.';

-- The lakes that hold copies of the events, one row per folder. A lake and its row name each other by a token that
-- changes with every write: after a database was put back to an earlier state they no longer agree.
create table lakes (
  lake uuid primary key,
  folder text not null,
  generation bigint not null default 0,
  token uuid,
  pending uuid,
  horizon xid8,
  events bigint,
  bytes bigint,
  begun_at timestamptz not null,
  written_at timestamptz
);
comment on table lakes is 'Folders of Parquet files with a copy of the events, and how far each was copied.';
