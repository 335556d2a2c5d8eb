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

CREATE INDEX attribute_change_ingest ON attribute_change USING btree (ingest_xid);

CREATE INDEX attribute_change_subject ON attribute_change USING btree (subject, subject_id, attribute, from_at);

comment on table attribute_change is 'Which value an attribute had, from when on. Written by triggers on leads and accounts.';

create table catalog (
  subject text not null,
  event_type text collate "C" not null default ''::text,
  name text collate "C" not null,
  type text not null,
  first_seen_at timestamp with time zone not null default clock_timestamp(),
  constraint catalog_pkey PRIMARY KEY (subject, event_type, name),
  constraint catalog_subject_check CHECK (subject = ANY (ARRAY['lead'::text, 'account'::text, 'event'::text])),
  constraint catalog_type_check CHECK (type = ANY (ARRAY['text'::text, 'number'::text, 'boolean'::text, 'instant'::text, 'json'::text]))
);

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

create table lead_scores (
  lead_id bigint not null,
  score text collate "C" not null default 'engagement'::text,
  value numeric(24,6) not null,
  level text,
  changed_as_of timestamp with time zone not null,
  run_id bigint not null,
  constraint lead_scores_pkey PRIMARY KEY (lead_id, score)
);

comment on column lead_scores.value is 'Points as of the last run; shown rounded down, compared exactly.';

create table leads (
  lead_id bigint not null generated always as identity,
  external_id text collate "C" not null,
  account_id bigint,
  first_seen_at timestamp with time zone not null default clock_timestamp(),
  attributes jsonb not null default '{}'::jsonb,
  ingested_at timestamp with time zone not null default clock_timestamp(),
  ingest_xid xid8 not null default pg_current_xact_id(),
  constraint leads_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts(account_id),
  constraint leads_attributes_check CHECK (jsonb_typeof(attributes) = 'object'::text),
  constraint leads_external_id_check CHECK (external_id <> ''::text),
  constraint leads_external_id_key UNIQUE (external_id),
  constraint leads_pkey PRIMARY KEY (lead_id)
);

comment on table leads is 'People. One row per external id, for ever; attributes are the latest, for display.';

CREATE INDEX leads_account ON leads USING btree (account_id) WHERE account_id IS NOT NULL;

CREATE TRIGGER leads_inserted AFTER INSERT ON leads REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION record_lead_changes();

CREATE TRIGGER leads_updated AFTER UPDATE ON leads REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION record_lead_changes();

create table membership (
  segment_id bigint not null,
  lead_id bigint not null,
  since timestamp with time zone not null,
  run_id bigint not null,
  constraint membership_pkey PRIMARY KEY (segment_id, lead_id),
  constraint membership_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segments(segment_id)
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
  constraint membership_change_pkey PRIMARY KEY (segment_id, lead_id, as_of),
  constraint membership_change_run_id_fkey FOREIGN KEY (run_id) REFERENCES runs(run_id),
  constraint membership_change_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segments(segment_id)
);

CREATE INDEX membership_change_lead ON membership_change USING btree (lead_id, as_of);

CREATE INDEX membership_change_time ON membership_change USING btree (segment_id, as_of);

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
  constraint run_segments_outcome_check CHECK (outcome = ANY (ARRAY['done'::text, 'broken'::text, 'blocked'::text, 'superseded'::text])),
  constraint run_segments_pkey PRIMARY KEY (run_id, segment_id),
  constraint run_segments_run_id_fkey FOREIGN KEY (run_id) REFERENCES runs(run_id),
  constraint run_segments_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segments(segment_id)
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
  rolled_up boolean not null default false,
  error jsonb,
  started_at timestamp with time zone not null default clock_timestamp(),
  finished_at timestamp with time zone,
  constraint runs_mode_check CHECK (mode = ANY (ARRAY['incremental'::text, 'full'::text, 'backfill'::text])),
  constraint runs_origin_check CHECK (origin = ANY (ARRAY['command'::text, 'schedule'::text, 'queue'::text])),
  constraint runs_pkey PRIMARY KEY (run_id),
  constraint runs_scoring_version_fkey FOREIGN KEY (scoring_version) REFERENCES scoring_versions(version),
  constraint runs_status_check CHECK (status = ANY (ARRAY['running'::text, 'done'::text, 'failed'::text]))
);

comment on column runs.steps is 'What the run did: name, rows and milliseconds of each step.';

comment on column runs.rolled_up is 'Whether the figures of this nightly run were rolled up.';

comment on column runs.as_of is 'What had happened by then counts.';

comment on column runs.horizon is 'What had arrived in transactions below this one counts.';

CREATE UNIQUE INDEX runs_sequence ON runs USING btree (as_of) WHERE status = 'done'::text AND mode <> 'backfill'::text;

create table scoring_versions (
  version integer not null generated always as identity,
  definition jsonb not null,
  fingerprint text not null,
  applied_at timestamp with time zone not null default clock_timestamp(),
  constraint scoring_versions_pkey PRIMARY KEY (version)
);

comment on table scoring_versions is 'What scoring.yaml said: points per event type, and levels as ordered lower bounds.';

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

create table segment_state (
  segment_id bigint not null,
  state text not null,
  version integer,
  scoring_version integer,
  run_id bigint,
  good_as_of timestamp with time zone,
  error jsonb,
  constraint segment_state_pkey PRIMARY KEY (segment_id),
  constraint segment_state_run_id_fkey FOREIGN KEY (run_id) REFERENCES runs(run_id),
  constraint segment_state_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segments(segment_id),
  constraint segment_state_state_check CHECK (state = ANY (ARRAY['ok'::text, 'broken'::text, 'blocked'::text]))
);

comment on column segment_state.version is 'The version that membership now shows; null before the first evaluation.';

comment on column segment_state.good_as_of is 'While not ok: as of when its members are still true.';

create table segment_stats (
  segment_id bigint not null,
  as_of timestamp with time zone not null,
  run_id bigint not null,
  members bigint not null,
  leads bigint not null,
  entered bigint not null,
  "left" bigint not null,
  score_sum numeric(30,6) not null,
  constraint segment_stats_pkey PRIMARY KEY (segment_id, as_of),
  constraint segment_stats_run_id_fkey FOREIGN KEY (run_id) REFERENCES runs(run_id),
  constraint segment_stats_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segments(segment_id)
);

comment on table segment_stats is 'One row per segment and run in which a figure changed.';

comment on column segment_stats.leads is 'All leads that existed then; members / leads is the share.';

comment on column segment_stats.entered is 'Entries by cause data, time or manual.';

comment on column segment_stats.score_sum is 'Exact sum of the members'' scores; over members it is the mean.';

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

create table segment_versions (
  segment_id bigint not null,
  version integer not null,
  definition text not null,
  tree jsonb,
  zone text not null default 'UTC'::text,
  fingerprint text not null,
  applied_at timestamp with time zone not null default clock_timestamp(),
  constraint segment_versions_pkey PRIMARY KEY (segment_id, version),
  constraint segment_versions_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segments(segment_id)
);

comment on column segment_versions.definition is 'The text form as written.';

comment on column segment_versions.tree is 'The JSON form.';

comment on column segment_versions.zone is 'The time zone in which its days, months and years are meant.';

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
  constraint segments_origin_check CHECK (origin = ANY (ARRAY['files'::text, 'api'::text])),
  constraint segments_pkey PRIMARY KEY (segment_id),
  constraint segments_status_check CHECK (status = ANY (ARRAY['draft'::text, 'active'::text, 'paused'::text, 'archived'::text]))
);

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
