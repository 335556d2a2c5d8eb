create table accounts (
  account_id bigint not null generated always as identity,
  external_id text collate "C" not null,
  attributes jsonb not null default '{}'::jsonb,
  ingested_at timestamp with time zone not null default clock_timestamp(),
  ingest_xid xid8 not null default pg_current_xact_id(),
  constraint accounts_attributes_check CHECK (jsonb_typeof(attributes) = 'object'::text),
  constraint accounts_external_id_check CHECK (external_id <> ''::text),
  constraint accounts_external_id_key UNIQUE (external_id),
  constraint accounts_pkey PRIMARY KEY (account_id)
);

CREATE TRIGGER accounts_inserted AFTER INSERT ON accounts REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION record_account_changes();

CREATE TRIGGER accounts_updated AFTER UPDATE ON accounts REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION record_account_changes();

comment on table accounts is 'Companies. One row per account; attributes are the latest, for display.';

create table attribute_change (
  change_id bigint not null generated always as identity,
  subject text not null,
  subject_id bigint not null,
  attribute text collate "C" not null,
  value jsonb,
  from_at timestamp with time zone not null,
  ingest_xid xid8 not null default pg_current_xact_id(),
  constraint attribute_change_pkey PRIMARY KEY (change_id),
  constraint attribute_change_subject_check CHECK (subject = ANY (ARRAY['lead'::text, 'account'::text]))
);

CREATE INDEX attribute_change_account ON attribute_change USING btree (value) WHERE subject = 'lead'::text AND attribute = '@account'::text;

CREATE INDEX attribute_change_from ON attribute_change USING brin (from_at timestamptz_minmax_multi_ops) WITH (autosummarize='on');

CREATE INDEX attribute_change_ingest ON attribute_change USING btree (ingest_xid);

CREATE INDEX attribute_change_subject ON attribute_change USING btree (subject, subject_id, attribute, from_at);

comment on table attribute_change is 'Which value an attribute had, from when on. Written by triggers on leads and accounts.';

create table backfill_change (
  run_id bigint not null,
  segment_id bigint not null,
  lead_id bigint not null,
  as_of timestamp with time zone not null,
  change text not null,
  cause text not null,
  version integer not null,
  by_run_id bigint not null,
  seam boolean not null,
  constraint backfill_change_pkey PRIMARY KEY (run_id, segment_id, lead_id, as_of),
  constraint backfill_change_run_id_fkey FOREIGN KEY (run_id) REFERENCES backfills(run_id) ON DELETE CASCADE
);

comment on column backfill_change.by_run_id is 'At a seam, a row that stays as it stands keeps its run.';

create table backfill_chunk (
  run_id bigint not null,
  segment_id bigint not null,
  version integer not null,
  from_at timestamp with time zone not null,
  first_at timestamp with time zone not null,
  until_at timestamp with time zone not null,
  seam_at timestamp with time zone,
  settled boolean not null default false,
  meaning text,
  constraint backfill_chunk_pkey PRIMARY KEY (run_id, segment_id, from_at),
  constraint backfill_chunk_run_id_fkey FOREIGN KEY (run_id) REFERENCES backfills(run_id) ON DELETE CASCADE
);

comment on column backfill_chunk.first_at is 'The first instant at which it is evaluated.';

comment on column backfill_chunk.seam_at is 'Where it meets what stands after it; null if nothing does.';

comment on column backfill_chunk.settled is 'What is to stand at the seam is among its changes.';

comment on column backfill_chunk.meaning is 'Fingerprint of all that the members hang on.';

create table backfill_day (
  run_id bigint not null,
  day date not null,
  seam boolean not null,
  done boolean not null default false,
  constraint backfill_day_pkey PRIMARY KEY (run_id, day),
  constraint backfill_day_run_id_fkey FOREIGN KEY (run_id) REFERENCES backfills(run_id) ON DELETE CASCADE
);

comment on column backfill_day.seam is 'The day after, which stays as recorded: only what is missing there now is added.';

create table backfill_instant (
  run_id bigint not null,
  as_of timestamp with time zone not null,
  done boolean not null default false,
  constraint backfill_instant_pkey PRIMARY KEY (run_id, as_of),
  constraint backfill_instant_run_id_fkey FOREIGN KEY (run_id) REFERENCES backfills(run_id) ON DELETE CASCADE
);

create table backfill_score (
  run_id bigint not null,
  lead_id bigint not null,
  score text collate "C" not null,
  day date not null,
  value numeric(24,6) not null,
  level text,
  gone boolean not null default false,
  constraint backfill_score_pkey PRIMARY KEY (run_id, lead_id, score, day),
  constraint backfill_score_run_id_fkey FOREIGN KEY (run_id) REFERENCES backfills(run_id) ON DELETE CASCADE
);

comment on column backfill_score.gone is 'It is recorded at a seam and need not be any more.';

create table backfill_stats (
  run_id bigint not null,
  segment_id bigint not null,
  as_of timestamp with time zone not null,
  by_run_id bigint not null,
  members bigint not null,
  leads bigint not null,
  score_sum numeric(30,6),
  constraint backfill_stats_pkey PRIMARY KEY (run_id, segment_id, as_of),
  constraint backfill_stats_run_id_fkey FOREIGN KEY (run_id) REFERENCES backfills(run_id) ON DELETE CASCADE
);

create table backfills (
  run_id bigint not null,
  asked jsonb not null,
  meaning text not null,
  backend_pid integer not null,
  backend_start timestamp with time zone,
  seen_at timestamp with time zone not null default clock_timestamp(),
  constraint backfills_pkey PRIMARY KEY (run_id),
  constraint backfills_run_id_fkey FOREIGN KEY (run_id) REFERENCES runs(run_id)
);

comment on column backfills.asked is 'What was asked for. Whoever asks for the same goes on with it.';

comment on column backfills.meaning is 'A hash of the pinned definitions: it goes on only while they are the same.';

comment on column backfills.backend_pid is 'The session that is at it.';

comment on column backfills.seen_at is 'When it last got on.';

create table catalog (
  subject text not null,
  event_type text collate "C" not null default ''::text,
  name text collate "C" not null,
  type text not null,
  first_seen_at timestamp with time zone not null default clock_timestamp(),
  constraint catalog_pkey PRIMARY KEY (subject, event_type, name),
  constraint catalog_subject_check CHECK (subject = ANY (ARRAY['lead'::text, 'account'::text, 'event'::text])),
  constraint catalog_type_check CHECK (type = ANY (ARRAY['text'::text, 'number'::text, 'boolean'::text, 'instant'::text, 'json'::text, 'range'::text]))
);

comment on column catalog.type is 'A range is written "501-1000" or "10,000+", and stored as the number it begins with.';

create table cluster (
  only_row boolean not null default true,
  system_identifier bigint not null,
  restored_after bigint,
  constraint cluster_only_row_check CHECK (only_row),
  constraint cluster_pkey PRIMARY KEY (only_row)
);

comment on column cluster.restored_after is 'The run that was applied last when it was found to be another cluster: the next one looks at all leads.';

comment on view current_members is 'Who is in which segment now, since when, and how hot they are.';

comment on column current_members.segment is 'Key of the segment.';

comment on column current_members.lead_id is 'The lead''s own id, as it was imported.';

comment on column current_members.since is 'As of which run the lead entered.';

comment on column current_members.score is 'Engagement score as of the last run.';

comment on column current_members.level is 'Level of that score.';

comment on view current_scores is 'How each lead''s scores stand now, and the most points it ever had: at the ends of UTC days, and now.';

comment on column current_scores.score is 'Name of the score.';

comment on column current_scores.lead_id is 'The lead''s own id, as it was imported.';

comment on column current_scores.value is 'Points as of the last run, exactly.';

comment on column current_scores.level is 'Level of that score; null where scoring.yaml gives it none.';

comment on column current_scores.since is 'As of which run it is so much.';

comment on column current_scores.max_value is 'The most points so far.';

comment on column current_scores.max_day is 'The first UTC day at whose end it had so many; where it has them only now, the day of the run that saw it.';

create table event_aliases (
  name text collate "C" not null,
  definition text not null,
  zone text not null default 'UTC'::text,
  constraint event_aliases_name_check CHECK (name <> ''::text),
  constraint event_aliases_pkey PRIMARY KEY (name)
);

comment on table event_aliases is 'Names of events.yaml that stand for events with a filter.';

comment on column event_aliases.definition is 'The text form as written: a type, a prefix or a list of types, with a filter.';

comment on column event_aliases.zone is 'The time zone in which the days that it names are meant.';

create table event_days (
  type text collate "C" not null,
  day date not null,
  constraint event_days_pkey PRIMARY KEY (type, day)
);

comment on table event_days is 'The UTC days with events of each type, as runs saw them. Written by runs alone.';

create table event_types (
  type text collate "C" not null,
  channel text,
  activity boolean not null default true,
  conversion boolean not null default false,
  first_seen_at timestamp with time zone not null default clock_timestamp(),
  constraint event_types_pkey PRIMARY KEY (type)
);

comment on column event_types.activity is 'False for what is done to a lead or by a machine; "last activity" leaves it out.';

create table events (
  event_id text collate "C" not null,
  lead_id bigint not null,
  type text collate "C" not null,
  occurred_at timestamp with time zone not null,
  properties jsonb not null default '{}'::jsonb,
  ingested_at timestamp with time zone not null default clock_timestamp(),
  ingest_xid xid8 not null default pg_current_xact_id(),
  constraint events_occurred_at_check CHECK (isfinite(occurred_at)),
  constraint events_pkey PRIMARY KEY (event_id),
  constraint events_properties_check CHECK (jsonb_typeof(properties) = 'object'::text),
  constraint events_type_check CHECK (type <> ''::text)
);

comment on table events is 'What leads did or what was done to them. Insert-only; the first row with an id wins.';

CREATE INDEX events_ingest ON events USING btree (ingest_xid);

CREATE INDEX events_lead ON events USING btree (lead_id, occurred_at);

CREATE INDEX events_occurred ON events USING brin (occurred_at timestamptz_minmax_multi_ops) WITH (autosummarize='on');

comment on view freshness is 'How each segment stands, and as of when its members are true.';

comment on column freshness.segment is 'Key of the segment.';

comment on column freshness.retry_at is 'No run tries it before; null if the next one does.';

comment on column freshness.status is 'draft, active, paused or archived, as its definition says.';

comment on column freshness.state is 'ok, broken, blocked or needs_approval; null while it was never evaluated, and once it is archived.';

comment on column freshness.good_as_of is 'As of when its members are true.';

comment on column freshness.error_code is 'Why it is not ok.';

comment on column freshness.error is 'The same in a sentence.';

comment on column freshness.good_run is 'The run that was as of then; null if a backfill was.';

comment on column freshness.age is 'How long ago that is, by the database''s clock.';

comment on column freshness.failures is 'How many runs in a row could not evaluate it.';

create table imports (
  import_id bigint not null generated always as identity,
  kind text not null,
  source text not null,
  status text not null,
  options jsonb not null default '{}'::jsonb,
  rows_read bigint not null default 0,
  rows_taken bigint not null default 0,
  rows_already_here bigint not null default 0,
  new_leads bigint not null default 0,
  new_accounts bigint not null default 0,
  rows_quarantined bigint not null default 0,
  error text,
  started_at timestamp with time zone not null default clock_timestamp(),
  finished_at timestamp with time zone,
  constraint imports_kind_check CHECK (kind = ANY (ARRAY['leads'::text, 'accounts'::text, 'events'::text, 'conversions'::text, 'inbox'::text])),
  constraint imports_pkey PRIMARY KEY (import_id),
  constraint imports_status_check CHECK (status = ANY (ARRAY['running'::text, 'done'::text, 'failed'::text]))
);

create table inbox_accounts (
  inbox_id bigint not null generated always as identity,
  account_id text,
  changed_at text,
  attributes jsonb not null default '{}'::jsonb,
  ingest_xid xid8 not null default pg_current_xact_id(),
  constraint inbox_accounts_pkey PRIMARY KEY (inbox_id)
);

create table inbox_events (
  inbox_id bigint not null generated always as identity,
  event_id text,
  lead_id text,
  type text,
  occurred_at text,
  properties jsonb not null default '{}'::jsonb,
  ingest_xid xid8 not null default pg_current_xact_id(),
  constraint inbox_events_pkey PRIMARY KEY (inbox_id)
);

create table inbox_leads (
  inbox_id bigint not null generated always as identity,
  lead_id text,
  account_id text,
  first_seen_at text,
  changed_at text,
  attributes jsonb not null default '{}'::jsonb,
  ingest_xid xid8 not null default pg_current_xact_id(),
  constraint inbox_leads_pkey PRIMARY KEY (inbox_id)
);

create table lakes (
  lake uuid not null,
  folder text not null,
  generation bigint not null default 0,
  token uuid,
  pending uuid,
  horizon xid8,
  events bigint,
  bytes bigint,
  begun_at timestamp with time zone not null,
  written_at timestamp with time zone,
  constraint lakes_pkey PRIMARY KEY (lake)
);

comment on table lakes is 'Folders of Parquet files with a copy of the events, and how far each was copied.';

create table lead_scores (
  lead_id bigint not null,
  score text collate "C" not null default 'engagement'::text,
  value numeric(24,6) not null,
  level text,
  changed_as_of timestamp with time zone not null,
  run_id bigint not null,
  max_value numeric(24,6),
  max_day date,
  constraint lead_scores_pkey PRIMARY KEY (lead_id, score)
);

comment on column lead_scores.value is 'Points as of the last run; shown rounded down, compared exactly.';

comment on column lead_scores.max_value is 'The most points at the end of any UTC day so far; null before the first day''s end.';

comment on column lead_scores.max_day is 'The first day on which it was so.';

create table lead_state (
  lead_id bigint not null,
  present boolean not null,
  due_at timestamp with time zone,
  constraint lead_state_pkey PRIMARY KEY (lead_id)
) with (fillfactor=80);

comment on table lead_state is 'Which leads the last applied run saw, and when each is to be looked at again. Written by runs alone.';

comment on column lead_state.present is 'Whether it existed as of the last applied run.';

comment on column lead_state.due_at is 'When it may come or go, or get other points, by time alone: the next such instant up to the next midnight in UTC, when all leads are looked at.';

CREATE INDEX lead_state_due ON lead_state USING btree (due_at) WHERE due_at IS NOT NULL;

create table leads (
  lead_id bigint not null generated always as identity,
  external_id text collate "C" not null,
  account_id bigint,
  first_seen_at timestamp with time zone not null default clock_timestamp(),
  attributes jsonb not null default '{}'::jsonb,
  ingested_at timestamp with time zone not null default clock_timestamp(),
  ingest_xid xid8 not null default pg_current_xact_id(),
  changed_xid xid8 not null default pg_current_xact_id(),
  constraint leads_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(account_id),
  constraint leads_attributes_check CHECK (jsonb_typeof(attributes) = 'object'::text),
  constraint leads_external_id_check CHECK (external_id <> ''::text),
  constraint leads_external_id_key UNIQUE (external_id),
  constraint leads_pkey PRIMARY KEY (lead_id)
);

comment on table leads is 'People. One row per external id, for ever; attributes are the latest, for display.';

comment on column leads.changed_xid is 'The transaction that last changed since when the lead exists.';

CREATE INDEX leads_account ON leads USING btree (account_id) WHERE account_id IS NOT NULL;

CREATE INDEX leads_changed ON leads USING btree (changed_xid);

CREATE INDEX leads_first_seen ON leads USING brin (first_seen_at timestamptz_minmax_multi_ops) WITH (autosummarize='on');

CREATE TRIGGER leads_inserted AFTER INSERT ON leads REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION record_lead_changes();

CREATE TRIGGER leads_moved BEFORE UPDATE OF first_seen_at ON leads FOR EACH ROW WHEN (old.first_seen_at IS DISTINCT FROM new.first_seen_at) EXECUTE FUNCTION record_first_seen();

CREATE TRIGGER leads_removed AFTER DELETE ON leads REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION record_removal();

CREATE TRIGGER leads_updated AFTER UPDATE ON leads REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION record_lead_changes();

create table membership (
  segment_id bigint not null,
  lead_id bigint not null,
  since timestamp with time zone not null,
  run_id bigint not null,
  constraint membership_pkey PRIMARY KEY (segment_id, lead_id)
);

CREATE INDEX membership_lead ON membership USING btree (lead_id);

create table membership_change (
  segment_id bigint not null,
  lead_id bigint not null,
  as_of timestamp with time zone not null,
  change text not null,
  cause text not null,
  version integer not null,
  run_id bigint not null,
  constraint membership_change_cause_check CHECK (cause = ANY (ARRAY['definition'::text, 'manual'::text, 'repair'::text, 'backfill'::text, 'data'::text, 'time'::text])),
  constraint membership_change_change_check CHECK (change = ANY (ARRAY['entered'::text, 'left'::text])),
  constraint membership_change_pkey PRIMARY KEY (segment_id, lead_id, as_of)
);

CREATE INDEX membership_change_lead ON membership_change USING btree (lead_id, as_of);

CREATE INDEX membership_change_otherwise ON membership_change USING btree (segment_id, as_of) WHERE cause = ANY (ARRAY['definition'::text, 'repair'::text, 'backfill'::text]);

CREATE INDEX membership_change_time ON membership_change USING btree (segment_id, as_of);

comment on view membership_intervals is 'When each lead was in each segment: one row per stay.';

comment on column membership_intervals.segment is 'Key of the segment.';

comment on column membership_intervals.lead_id is 'The lead''s own id, as it was imported.';

comment on column membership_intervals.entered_as_of is 'As of which run the lead entered.';

comment on column membership_intervals.left_as_of is 'As of which run it left; null while it is in.';

comment on column membership_intervals.entered_cause is 'Why it entered: definition, manual, repair, backfill, data or time.';

comment on column membership_intervals.left_cause is 'Why it left; null while it is in.';

create table migrations (
  name text not null,
  sha256 text not null,
  applied_at timestamp with time zone not null default now(),
  constraint migrations_pkey PRIMARY KEY (name)
);

comment on table migrations is 'What Tideline applied to this schema: files of sql/migrations, and views with the text they were made from';

create table quarantine (
  quarantine_id bigint not null generated always as identity,
  import_id bigint not null,
  row_number bigint,
  code text not null,
  reason text not null,
  content jsonb not null,
  quarantined_at timestamp with time zone not null default clock_timestamp(),
  constraint quarantine_import_id_fkey FOREIGN KEY (import_id) REFERENCES imports(import_id),
  constraint quarantine_pkey PRIMARY KEY (quarantine_id)
);

comment on table quarantine is 'Rows that could not be taken, with the reason. Nothing is dropped silently.';

CREATE INDEX quarantine_import ON quarantine USING btree (import_id);

create table run_drift (
  run_id bigint not null,
  segment_id bigint,
  leads bigint not null,
  sample bigint[] not null,
  constraint run_drift_run_id_fkey FOREIGN KEY (run_id) REFERENCES runs(run_id),
  constraint run_drift_run_id_segment_id_key UNIQUE NULLS NOT DISTINCT (run_id, segment_id),
  constraint run_drift_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segments(segment_id)
);

comment on table run_drift is 'Differences that a full run repaired, per segment (null: scores), with some of the leads.';

create table run_lease (
  only_row boolean not null default true,
  fence bigint not null default 0,
  run_id bigint,
  owner text,
  backend_pid integer,
  backend_start timestamp with time zone,
  lease_until timestamp with time zone,
  constraint run_lease_only_row_check CHECK (only_row),
  constraint run_lease_pkey PRIMARY KEY (only_row)
);

create table run_segments (
  run_id bigint not null,
  segment_id bigint not null,
  version integer not null,
  outcome text not null,
  error jsonb,
  meaning text,
  constraint run_segments_outcome_check CHECK (outcome = ANY (ARRAY['done'::text, 'broken'::text, 'blocked'::text, 'superseded'::text, 'needs_approval'::text])),
  constraint run_segments_pkey PRIMARY KEY (run_id, segment_id),
  constraint run_segments_run_id_fkey FOREIGN KEY (run_id) REFERENCES runs(run_id),
  constraint run_segments_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segments(segment_id)
);

comment on column run_segments.meaning is 'Of a segment that is done: fingerprint of all that its members hang on.';

create table run_statements (
  hash text not null,
  sql text not null,
  constraint run_statements_pkey PRIMARY KEY (hash)
);

create table runs (
  run_id bigint not null generated always as identity,
  mode text not null,
  origin text not null,
  status text not null,
  as_of timestamp with time zone not null,
  horizon xid8 not null,
  fence bigint not null,
  scoring_version integer,
  options jsonb not null default '{}'::jsonb,
  steps jsonb not null default '[]'::jsonb,
  leads bigint,
  entered bigint,
  "left" bigint,
  rollup_due boolean not null default false,
  error jsonb,
  started_at timestamp with time zone not null default clock_timestamp(),
  finished_at timestamp with time zone,
  chosen jsonb,
  candidates jsonb,
  engine text,
  drift bigint,
  rollup_error jsonb,
  constraint runs_engine_check CHECK (engine = ANY (ARRAY['postgres'::text, 'duckdb'::text])),
  constraint runs_mode_check CHECK (mode = ANY (ARRAY['incremental'::text, 'full'::text, 'backfill'::text])),
  constraint runs_origin_check CHECK (origin = ANY (ARRAY['command'::text, 'schedule'::text, 'queue'::text])),
  constraint runs_pkey PRIMARY KEY (run_id),
  constraint runs_scoring_version_fkey FOREIGN KEY (scoring_version) REFERENCES scoring_versions(version),
  constraint runs_status_check CHECK (status = ANY (ARRAY['running'::text, 'done'::text, 'failed'::text]))
);

comment on column runs.steps is 'What the run did: name, rows and milliseconds of each step.';

comment on column runs.rollup_due is 'A nightly run whose figures are still to be rolled up.';

comment on column runs.chosen is 'Why the run was made in this mode: a code and a sentence.';

comment on column runs.candidates is 'How many leads an incremental run looked at, and how many of them for which reason.';

comment on column runs.engine is 'Where the leads were evaluated.';

comment on column runs.drift is 'Differences that a full run found and no change explains: repaired. Null where that was not looked for.';

comment on column runs.rollup_error is 'Why its figures could not be rolled up so far: a code and a sentence. It is tried again before the next run.';

comment on column runs.as_of is 'What had happened by then counts.';

comment on column runs.horizon is 'What had arrived in transactions below this one counts.';

CREATE INDEX runs_applied ON runs USING btree (as_of DESC, (mode = 'backfill'::text), run_id DESC) WHERE status = 'done'::text;

CREATE INDEX runs_backfills ON runs USING btree (finished_at) WHERE mode = 'backfill'::text AND status = 'done'::text;

CREATE INDEX runs_rollup_due ON runs USING btree (run_id) WHERE rollup_due;

CREATE UNIQUE INDEX runs_sequence ON runs USING btree (as_of) WHERE status = 'done'::text AND mode <> 'backfill'::text;

create table score_history (
  lead_id bigint not null,
  score text collate "C" not null,
  day date not null,
  value numeric(24,6) not null,
  level text,
  run_id bigint not null,
  constraint score_history_pkey PRIMARY KEY (lead_id, score, day)
);

comment on table score_history is 'How a score stood at the end of a UTC day: a row where something other than fading changed it, it rose, or its level changed.';

CREATE INDEX score_history_day ON score_history USING btree (score, day);

comment on view score_trend is 'How each lead''s scores stood at the end of UTC days: a row where anything but fading changed one, or its level changed.';

comment on column score_trend.score is 'Name of the score.';

comment on column score_trend.lead_id is 'The lead''s own id, as it was imported.';

comment on column score_trend.day is 'UTC day; the score is that of its end. Until the next row it only fades.';

comment on column score_trend.value is 'Points, exactly.';

comment on column score_trend.level is 'Level of that score; null where scoring.yaml gives it none.';

create table scoring_versions (
  version integer not null generated always as identity,
  definition jsonb not null,
  fingerprint text not null,
  applied_at timestamp with time zone not null default clock_timestamp(),
  history text not null default 'from-now'::text,
  accepted_changes jsonb,
  constraint scoring_versions_history_check CHECK (history = ANY (ARRAY['from-now'::text, 'rebuild'::text])),
  constraint scoring_versions_pkey PRIMARY KEY (version)
);

comment on table scoring_versions is 'What scoring.yaml said: points per event type, and levels as ordered lower bounds.';

comment on column scoring_versions.history is 'What was chosen for the past: from-now: it stays as recorded; rebuild: backfills recompute it with this version.';

comment on column scoring_versions.accepted_changes is 'Per segment (its id), how many leads the rules would move, as whoever applied them was shown and agreed to.';

comment on view segment_changes_daily is 'Entries and exits of each segment, per UTC day and cause: one row where there were any.';

comment on column segment_changes_daily.segment is 'Key of the segment.';

comment on column segment_changes_daily.day is 'UTC day in which the run''s instant lies: what the run of 00:00 found counts for the day that begins then.';

comment on column segment_changes_daily.cause is 'definition, manual, repair, backfill, data or time.';

comment on column segment_changes_daily.entered is 'How many entered.';

comment on column segment_changes_daily."left" is 'How many left.';

create table segment_conversion (
  segment_id bigint not null,
  as_of timestamp with time zone not null,
  members bigint not null,
  converted bigint not null,
  leads bigint not null,
  leads_converted bigint not null,
  constraint segment_conversion_pkey PRIMARY KEY (segment_id, as_of),
  constraint segment_conversion_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segments(segment_id)
);

create table segment_list (
  list_id bigint not null generated always as identity,
  segment_id bigint not null,
  lead_id bigint not null,
  list text not null,
  from_at timestamp with time zone not null,
  until_at timestamp with time zone,
  until_xid xid8,
  created_at timestamp with time zone not null default clock_timestamp(),
  created_by text,
  ingest_xid xid8 not null default pg_current_xact_id(),
  constraint segment_list_check CHECK (until_at > from_at),
  constraint segment_list_check1 CHECK ((until_at IS NULL) = (until_xid IS NULL)),
  constraint segment_list_list_check CHECK (list = ANY (ARRAY['members'::text, 'added'::text, 'removed'::text])),
  constraint segment_list_pkey PRIMARY KEY (list_id),
  constraint segment_list_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segments(segment_id)
);

comment on table segment_list is 'Leads named by hand: the members of static segments, and overrides of dynamic ones.';

comment on column segment_list.list is 'members: of a static segment; added and removed: overrides, which win over the definition.';

comment on column segment_list.until_at is 'Excluded. Null: it holds until it is undone.';

comment on column segment_list.until_xid is 'The transaction that said until when: a run that does not know it yet sees the row go on.';

comment on column segment_list.created_by is 'User and host; null: not recorded.';

CREATE INDEX segment_list_hands ON segment_list USING btree (segment_id) WHERE list <> 'members'::text;

CREATE INDEX segment_list_ingest ON segment_list USING btree (ingest_xid);

CREATE INDEX segment_list_lead ON segment_list USING btree (lead_id);

CREATE INDEX segment_list_segment ON segment_list USING btree (segment_id, list, lead_id);

CREATE INDEX segment_list_times ON segment_list USING brin (from_at timestamptz_minmax_multi_ops, until_at timestamptz_minmax_multi_ops) WITH (autosummarize='on');

CREATE INDEX segment_list_until ON segment_list USING btree (until_xid) WHERE until_xid IS NOT NULL;

create table segment_renames (
  rename_id bigint not null generated always as identity,
  segment_id bigint not null,
  old_key text collate "C" not null,
  renamed_at timestamp with time zone not null default clock_timestamp(),
  constraint segment_renames_pkey PRIMARY KEY (rename_id),
  constraint segment_renames_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segments(segment_id)
);

CREATE INDEX segment_renames_key ON segment_renames USING btree (old_key);

create table segment_state (
  segment_id bigint not null,
  state text not null,
  version integer,
  scoring_version integer,
  run_id bigint,
  good_as_of timestamp with time zone,
  error jsonb,
  meaning text,
  approved_by text,
  failures integer not null default 0,
  retry_at timestamp with time zone,
  constraint segment_state_pkey PRIMARY KEY (segment_id),
  constraint segment_state_run_id_fkey FOREIGN KEY (run_id) REFERENCES runs(run_id),
  constraint segment_state_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segments(segment_id),
  constraint segment_state_state_check CHECK (state = ANY (ARRAY['ok'::text, 'broken'::text, 'blocked'::text, 'needs_approval'::text]))
);

comment on column segment_state.failures is 'How many runs in a row could not evaluate it.';

comment on column segment_state.retry_at is 'No run tries it before.';

comment on column segment_state.version is 'The version that membership now shows; null before the first evaluation.';

comment on column segment_state.good_as_of is 'While it is not evaluated (not ok, or not active): as of when its members are still true.';

comment on column segment_state.meaning is 'Fingerprint of all that the members hang on, as the last run understood it.';

comment on column segment_state.approved_by is 'Who let the parked change through: the next run applies it, however large it is.';

create table segment_stats (
  segment_id bigint not null,
  as_of timestamp with time zone not null,
  run_id bigint not null,
  members bigint not null,
  leads bigint not null,
  entered bigint not null,
  "left" bigint not null,
  score_sum numeric(30,6),
  constraint segment_stats_pkey PRIMARY KEY (segment_id, as_of),
  constraint segment_stats_run_id_fkey FOREIGN KEY (run_id) REFERENCES runs(run_id),
  constraint segment_stats_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segments(segment_id)
);

comment on table segment_stats is 'One row per segment and run in which a figure changed.';

comment on column segment_stats.leads is 'All leads that existed then; members / leads is the share.';

comment on column segment_stats.entered is 'Entries by cause data, time or manual.';

comment on column segment_stats.score_sum is 'Exact sum of the members'' scores; over members it is the mean. Null without scores.';

create table segment_top_events (
  segment_id bigint not null,
  as_of timestamp with time zone not null,
  rank integer not null,
  type text collate "C" not null,
  events bigint not null,
  leads bigint not null,
  members bigint not null,
  constraint segment_top_events_pkey PRIMARY KEY (segment_id, as_of, rank),
  constraint segment_top_events_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segments(segment_id)
);

comment on view segment_trend is 'Size, share, flow and mean score of each segment, as of each run in which one of them changed.';

comment on column segment_trend.segment is 'Key of the segment.';

comment on column segment_trend.as_of is 'As of which run.';

comment on column segment_trend.members is 'Leads that were in it.';

comment on column segment_trend.leads is 'All leads that existed.';

comment on column segment_trend.share is 'members / leads, from 0 to 1.';

comment on column segment_trend.entered is 'Entries in that run by cause data, time or manual.';

comment on column segment_trend."left" is 'Exits in that run by cause data, time or manual.';

comment on column segment_trend.mean_score is 'Mean engagement score of the members; null without members.';

create table segment_versions (
  segment_id bigint not null,
  version integer not null,
  definition text not null,
  tree jsonb,
  zone text not null default 'UTC'::text,
  fingerprint text not null,
  applied_at timestamp with time zone not null default clock_timestamp(),
  applied_by text default NULLIF(current_setting('applied_by'::text, true), ''::text),
  applied_for text default NULLIF(current_setting('applied_for'::text, true), ''::text),
  accepted_change bigint,
  constraint segment_versions_pkey PRIMARY KEY (segment_id, version),
  constraint segment_versions_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segments(segment_id)
);

comment on column segment_versions.accepted_change is 'How many leads the version would move, as whoever applied it was shown and agreed to. Null: nobody was.';

comment on column segment_versions.definition is 'The text form as written.';

comment on column segment_versions.tree is 'The JSON form.';

comment on column segment_versions.zone is 'The time zone in which its days, months and years are meant.';

comment on column segment_versions.applied_by is 'Who applied it: user and host.';

comment on column segment_versions.applied_for is 'What made it, where no file did: a type that was set, a version gone back to.';

create table segments (
  segment_id bigint not null generated always as identity,
  key text collate "C" not null,
  name text not null,
  owner text,
  action text,
  review text,
  origin text not null default 'files'::text,
  status text not null default 'active'::text,
  version integer not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  updated_at timestamp with time zone not null default clock_timestamp(),
  constraint segments_key_check CHECK (key ~ '^[a-z0-9][a-z0-9_-]*$'::text),
  constraint segments_key_key UNIQUE (key),
  constraint segments_origin_check CHECK (origin = ANY (ARRAY['files'::text, 'api'::text, 'snapshot'::text])),
  constraint segments_pkey PRIMARY KEY (segment_id),
  constraint segments_status_check CHECK (status = ANY (ARRAY['draft'::text, 'active'::text, 'paused'::text, 'archived'::text]))
);

comment on column segments.origin is 'snapshot: a static segment; its definition is a list of leads.';

create table tombstone (
  lead_id bigint not null,
  ingest_xid xid8 not null default pg_current_xact_id(),
  account_ids bigint[] not null default '{}'::bigint[],
  constraint tombstone_pkey PRIMARY KEY (lead_id)
);

comment on table tombstone is 'Leads that were removed. Their numbers are never given again.';

comment on column tombstone.account_ids is 'The accounts it was ever in, as far as they were known when it was removed.';

CREATE INDEX tombstone_ingest ON tombstone USING btree (ingest_xid);

CREATE OR REPLACE FUNCTION as_instant(value text, zone text)
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
 STABLE STRICT
AS $function$
declare
  result timestamptz;
begin
  -- The full form is what imports send; it needs no regular expression, which would cost more than all the rest.
  if value ~~ '____-__-__T__:__:__.______Z' and pg_input_is_valid(value, 'timestamptz') then
    result := value::timestamptz;
  elsif value ~~ '____-__-__T__:__:__.______' and pg_input_is_valid(value, 'timestamp') then
    result := local_instant(value::timestamp, zone);
  elsif value !~~ '____-__-__%' then
    return null;
  else
    if value !~ '^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.]\d{1,9})?)?( ?(Z|UTC|[+-]\d\d(:?\d\d)?))?)?$' then return null; end if;
    if length(value) > 26 then value := regexp_replace(value, '([.]\d{6})\d+', '\1'); end if;
    if not pg_input_is_valid(value, 'timestamptz') then return null; end if;
    if value ~~ '%Z' or value ~~ '%UTC' or substr(value, 11) ~ '[+-]' then
      result := value::timestamptz;
    else
      result := local_instant(value::timestamp, zone);
    end if;
  end if;
  if result < '1900-01-01T00:00:00Z' or result >= '2200-01-01T00:00:00Z' then return null; end if;
  return result;
end $function$;

CREATE OR REPLACE FUNCTION as_json(value text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
RETURN CASE WHEN ((value !~~ ALL (ARRAY['[%'::text, '{%'::text])) OR ((length(value) - length(translate(value, '[{'::text, ''::text))) > 1000)) THEN NULL::jsonb WHEN pg_input_is_valid(value, 'jsonb'::text) THEN (concat(value))::jsonb ELSE NULL::jsonb END;

CREATE OR REPLACE FUNCTION as_number(value text)
 RETURNS numeric
 LANGUAGE sql
 STABLE
RETURN CASE WHEN ((length(value) > 60) OR (value !~~ '%_%'::text)) THEN NULL::numeric WHEN pg_input_is_valid(value, 'numeric'::text) THEN CASE WHEN ((((concat(value))::numeric)::text = value) AND (value <> ALL (ARRAY['NaN'::text, 'Infinity'::text, '-Infinity'::text])) AND (abs((concat(value))::numeric) < '10000000000000000000000'::numeric)) THEN trim_scale(round((concat(value))::numeric, 6)) ELSE NULL::numeric END WHEN ((value ~~ '%,%'::text) AND (value ~ '^-?[1-9][0-9]{0,2}(,[0-9]{3}){1,7}([.][0-9]+)?$'::text)) THEN CASE WHEN (abs((replace(value, ','::text, ''::text))::numeric) < '10000000000000000000000'::numeric) THEN trim_scale(round((replace(value, ','::text, ''::text))::numeric, 6)) ELSE NULL::numeric END ELSE NULL::numeric END;

CREATE OR REPLACE FUNCTION as_range(value text)
 RETURNS numeric
 LANGUAGE sql
 STABLE
RETURN COALESCE(as_number(value), CASE WHEN ((length(value) < 80) AND (value ~ '[0-9]'::text)) THEN (SELECT CASE WHEN ((bound.bound[2] IS NULL) OR (as_number(bound.bound[1]) <= as_number(bound.bound[2]))) THEN as_number(bound.bound[1]) ELSE NULL::numeric END AS "case" FROM regexp_match(as_range.value, '^ *(?:>=?|\u2265)? *(-?[0-9][0-9,.]*)(?: *\+| *(?:[-\u2010-\u2015]|to) *(-?[0-9][0-9,.]*))? *$'::text) bound(bound)) ELSE NULL::numeric END);

CREATE OR REPLACE FUNCTION as_said(value jsonb, zone text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
RETURN CASE WHEN (jsonb_typeof(value) = ANY (ARRAY['array'::text, 'object'::text, 'null'::text])) THEN value ELSE COALESCE(to_jsonb(as_range((value #>> '{}'::text[]))), to_jsonb(as_instant((value #>> '{}'::text[]), zone)), as_json((value #>> '{}'::text[])), to_jsonb(CASE WHEN (lower((value #>> '{}'::text[])) = ANY (ARRAY['true'::text, 'false'::text])) THEN lower((value #>> '{}'::text[])) ELSE (value #>> '{}'::text[]) END)) END;

CREATE OR REPLACE FUNCTION as_typed(value jsonb, type text, zone text)
 RETURNS jsonb
 LANGUAGE sql
 STABLE
RETURN CASE WHEN ((type = 'json'::text) AND (jsonb_typeof(value) = 'string'::text)) THEN COALESCE(as_json((value #>> '{}'::text[])), value) WHEN ((type = 'json'::text) OR (jsonb_typeof(value) = ANY (ARRAY['array'::text, 'object'::text, 'null'::text]))) THEN value ELSE COALESCE(CASE type WHEN 'number'::text THEN to_jsonb(as_number((value #>> '{}'::text[]))) WHEN 'range'::text THEN to_jsonb(as_range((value #>> '{}'::text[]))) WHEN 'boolean'::text THEN CASE lower((value #>> '{}'::text[])) WHEN 'true'::text THEN to_jsonb(true) WHEN 'false'::text THEN to_jsonb(false) ELSE NULL::jsonb END WHEN 'instant'::text THEN to_jsonb(to_char((as_instant((value #>> '{}'::text[]), zone) AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'::text)) ELSE NULL::jsonb END, to_jsonb((value #>> '{}'::text[]))) END;

CREATE OR REPLACE FUNCTION is_typed(value jsonb, type text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE
RETURN CASE WHEN ((value IS NULL) OR (value = ANY (ARRAY['null'::jsonb, '""'::jsonb, '[]'::jsonb]))) THEN NULL::boolean WHEN (type = 'json'::text) THEN (jsonb_typeof(value) = ANY (ARRAY['array'::text, 'object'::text])) WHEN (type = ANY (ARRAY['number'::text, 'range'::text])) THEN CASE WHEN (jsonb_typeof(value) = 'number'::text) THEN (abs((value)::numeric) < '10000000000000000000000'::numeric) ELSE false END WHEN (type = 'boolean'::text) THEN (jsonb_typeof(value) = 'boolean'::text) WHEN (type = 'instant'::text) THEN ((jsonb_typeof(value) = 'string'::text) AND ((value #>> '{}'::text[]) ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.]\d{6}Z$'::text)) ELSE (jsonb_typeof(value) = 'string'::text) END;

CREATE OR REPLACE FUNCTION local_instant(wall timestamp without time zone, zone text)
 RETURNS timestamp with time zone
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  late timestamptz := wall at time zone zone;
begin
  -- Nearly always the clock was not set back in the hours before.
  if zone = 'UTC' or (late - interval '3 hours') at time zone zone = wall - interval '3 hours' then return late; end if;
  if (late - interval '1 hour') at time zone zone = wall then return late - interval '1 hour'; end if;
  if (late - interval '30 minutes') at time zone zone = wall then return late - interval '30 minutes'; end if;
  if (late - interval '2 hours') at time zone zone = wall then return late - interval '2 hours'; end if;
  return late;
end $function$;

CREATE OR REPLACE FUNCTION record_account_changes()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if current_setting('attribute_change', true) = 'written' then return null; end if;
  if tg_op = 'INSERT' then
    insert into attribute_change (subject, subject_id, attribute, value, from_at)
    select 'account', n.account_id, e.key, e.value, clock_timestamp()
    from new_rows n cross join lateral jsonb_each(n.attributes) e;
  else
    insert into attribute_change (subject, subject_id, attribute, value, from_at)
    select 'account', n.account_id, k.key, n.attributes -> k.key, clock_timestamp()
    from new_rows n join old_rows o using (account_id)
    cross join lateral (select jsonb_object_keys(n.attributes) as key union select jsonb_object_keys(o.attributes)) k
    where n.attributes is distinct from o.attributes
      and (n.attributes -> k.key) is distinct from (o.attributes -> k.key);
  end if;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION record_first_seen()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  new.changed_xid := pg_current_xact_id();
  return new;
end $function$;

CREATE OR REPLACE FUNCTION record_lead_changes()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  if current_setting('attribute_change', true) = 'written' then return null; end if;
  if tg_op = 'INSERT' then
    insert into attribute_change (subject, subject_id, attribute, value, from_at)
    select 'lead', n.lead_id, e.key, e.value, clock_timestamp()
    from new_rows n cross join lateral jsonb_each(n.attributes) e
    union all
    select 'lead', n.lead_id, '@account', to_jsonb(n.account_id), clock_timestamp()
    from new_rows n where n.account_id is not null;
  else
    insert into attribute_change (subject, subject_id, attribute, value, from_at)
    select 'lead', n.lead_id, k.key, n.attributes -> k.key, clock_timestamp()
    from new_rows n join old_rows o using (lead_id)
    cross join lateral (select jsonb_object_keys(n.attributes) as key union select jsonb_object_keys(o.attributes)) k
    where n.attributes is distinct from o.attributes
      and (n.attributes -> k.key) is distinct from (o.attributes -> k.key)
    union all
    select 'lead', n.lead_id, '@account', to_jsonb(n.account_id), clock_timestamp()
    from new_rows n join old_rows o using (lead_id)
    where n.account_id is distinct from o.account_id;
  end if;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION record_removal()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  insert into tombstone (lead_id, account_ids)
  select o.lead_id, array(
    select o.account_id where o.account_id is not null
    union
    select (c.value #>> '{}')::bigint from attribute_change c
    where c.subject = 'lead' and c.subject_id = o.lead_id and c.attribute = '@account'
      and jsonb_typeof(c.value) = 'number' and c.value #>> '{}' ~ '^[0-9]{1,18}$'
  )
  from old_rows o
  on conflict (lead_id) do update set ingest_xid = excluded.ingest_xid, account_ids = excluded.account_ids;
  return null;
end $function$;

CREATE OR REPLACE FUNCTION recorded_score_days()
 RETURNS TABLE(day date, run_id bigint, is_whole boolean)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 WITH passing AS (
          SELECT r.run_id,
             r.mode,
             r.steps,
             ((r.as_of AT TIME ZONE 'UTC'::text))::date AS today,
             ((max(r.as_of) OVER (ORDER BY r.run_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AT TIME ZONE 'UTC'::text))::date AS first_day
            FROM runs r
           WHERE (r.status = 'done'::text)
         ), written AS (
          SELECT (p.first_day + n.n) AS day,
             p.run_id
            FROM passing p,
             LATERAL generate_series(0, ((p.today - p.first_day) - 1)) n(n)
           WHERE ((p.mode <> 'backfill'::text) AND (p.today > p.first_day) AND (p.steps @> '[{"name": "stage score days"}]'::jsonb))
         UNION ALL
          SELECT (d.value)::date AS d,
             r.run_id
            FROM runs r,
             LATERAL jsonb_array_elements_text((r.options -> 'days'::text)) d(value)
           WHERE ((r.status = 'done'::text) AND (r.mode = 'backfill'::text))
         ), removed AS MATERIALIZED (
          SELECT r.run_id,
             ((r.options ->> 'scores_kept_from'::text))::date AS kept_from
            FROM runs r
           WHERE ((r.status = 'done'::text) AND (r.options ? 'scores_kept_from'::text))
         )
  SELECT w.day,
     w.run_id,
     (NOT (EXISTS ( SELECT
            FROM removed d
           WHERE ((d.run_id > w.run_id) AND (d.kept_from > w.day)))))
    FROM ( SELECT DISTINCT ON (written.day) written.day,
             written.run_id
            FROM written
           ORDER BY written.day, written.run_id DESC) w;
END;

CREATE OR REPLACE FUNCTION score_on(score text, day date)
 RETURNS TABLE(lead_id text, value numeric, level text, recorded_on date, is_exact boolean)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 SELECT l.external_id,
     h.value,
     h.level,
     h.day,
     (h.day = score_on.day)
    FROM (leads l
      JOIN LATERAL ( SELECT r.value,
             r.level,
             r.day
            FROM score_history r
           WHERE ((r.lead_id = l.lead_id) AND (r.score = score_on.score) AND (r.day <= score_on.day))
           ORDER BY r.day DESC
          LIMIT 1) h ON (true));
END;

CREATE OR REPLACE FUNCTION stored_kind(value jsonb, type text)
 RETURNS text
 LANGUAGE sql
 STABLE
RETURN CASE jsonb_typeof(value) WHEN 'array'::text THEN 'list'::text WHEN 'number'::text THEN CASE WHEN (type = ANY (ARRAY['number'::text, 'range'::text])) THEN 'too large number'::text ELSE 'number'::text END WHEN 'string'::text THEN CASE WHEN (as_number((value #>> '{}'::text[])) IS NOT NULL) THEN 'number as text'::text WHEN (as_range((value #>> '{}'::text[])) IS NOT NULL) THEN 'range'::text WHEN (as_instant((value #>> '{}'::text[]), 'UTC'::text) IS NOT NULL) THEN 'instant'::text WHEN (lower((value #>> '{}'::text[])) = ANY (ARRAY['true'::text, 'false'::text])) THEN 'boolean as text'::text ELSE 'text'::text END ELSE jsonb_typeof(value) END;

create view current_members as
 SELECT s.key AS segment,
    l.external_id AS lead_id,
    m.since,
    sc.value AS score,
    sc.level
   FROM membership m
     JOIN segments s USING (segment_id)
     JOIN leads l USING (lead_id)
     LEFT JOIN lead_scores sc ON sc.lead_id = m.lead_id AND sc.score = 'engagement'::text;

create view current_scores as
 SELECT s.score,
    l.external_id AS lead_id,
    s.value,
    s.level,
    s.changed_as_of AS since,
    GREATEST(s.value, s.max_value) AS max_value,
        CASE
            WHEN s.max_value >= s.value THEN s.max_day
            ELSE (s.changed_as_of AT TIME ZONE 'UTC'::text)::date
        END AS max_day
   FROM lead_scores s
     JOIN leads l USING (lead_id);

create view freshness as
 SELECT s.key AS segment,
    s.status,
    st.state,
    good.as_of AS good_as_of,
    st.error ->> 'code'::text AS error_code,
    st.error ->> 'message'::text AS error,
    ( SELECT max(g.run_id) AS max
           FROM runs g
          WHERE g.status = 'done'::text AND g.mode <> 'backfill'::text AND g.as_of = good.as_of) AS good_run,
    clock_timestamp() - good.as_of AS age,
    COALESCE(st.failures, 0) AS failures,
    st.retry_at
   FROM segments s
     LEFT JOIN segment_state st USING (segment_id)
     LEFT JOIN LATERAL ( SELECT runs.as_of
           FROM runs
          WHERE runs.status = 'done'::text
          ORDER BY runs.as_of DESC
         LIMIT 1) r ON true
     LEFT JOIN LATERAL ( SELECT COALESCE(st.good_as_of,
                CASE st.state
                    WHEN 'ok'::text THEN r.as_of
                    ELSE NULL::timestamp with time zone
                END) AS as_of) good ON true;

create view membership_intervals as
 SELECT segment,
    lead_id,
    entered_as_of,
    left_as_of,
    entered_cause,
    left_cause
   FROM ( SELECT s.key AS segment,
            l.external_id AS lead_id,
            c.change,
            c.as_of AS entered_as_of,
            c.cause AS entered_cause,
            lead(c.as_of) OVER stay AS left_as_of,
            lead(c.cause) OVER stay AS left_cause
           FROM membership_change c
             JOIN segments s USING (segment_id)
             JOIN leads l USING (lead_id)
          WINDOW stay AS (PARTITION BY c.segment_id, c.lead_id ORDER BY c.as_of)) changes
  WHERE change = 'entered'::text;

create view score_trend as
 SELECT h.score,
    l.external_id AS lead_id,
    h.day,
    h.value,
    h.level
   FROM score_history h
     JOIN leads l USING (lead_id);

create view segment_changes_daily as
 SELECT s.key AS segment,
    (c.as_of AT TIME ZONE 'UTC'::text)::date AS day,
    c.cause,
    count(*) FILTER (WHERE c.change = 'entered'::text) AS entered,
    count(*) FILTER (WHERE c.change = 'left'::text) AS "left"
   FROM membership_change c
     JOIN segments s USING (segment_id)
  GROUP BY s.segment_id, s.key, ((c.as_of AT TIME ZONE 'UTC'::text)::date), c.cause;

create view segment_trend as
 SELECT s.key AS segment,
    t.as_of,
    t.members,
    t.leads,
    round(t.members::numeric / NULLIF(t.leads, 0)::numeric, 6) AS share,
    t.entered,
    t."left",
    round(t.score_sum / NULLIF(t.members, 0)::numeric, 6) AS mean_score
   FROM segment_stats t
     JOIN segments s USING (segment_id);
