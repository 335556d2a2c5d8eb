-- What happened, as the user's systems tell it. Every row says in which transaction it arrived
-- (`ingest_xid`), so that a run can fix a horizon and read the rows below it and no others.

create table accounts (
  account_id bigint generated always as identity primary key,
  external_id text collate "C" not null unique check (external_id <> ''),
  attributes jsonb not null default '{}' check (jsonb_typeof(attributes) = 'object'),
  ingested_at timestamptz not null default clock_timestamp(),
  ingest_xid xid8 not null default pg_current_xact_id()
);
comment on table accounts is 'Companies. One row per account; attributes are the latest, for display.';

-- `first_seen_at` is the lesser of the value given and the moment of loading; an evaluation also looks at
-- the lead's earliest event, so that a late event can move the beginning without an update here.
create table leads (
  lead_id bigint generated always as identity primary key,
  external_id text collate "C" not null unique check (external_id <> ''),
  account_id bigint references accounts,
  first_seen_at timestamptz not null default clock_timestamp(),
  attributes jsonb not null default '{}' check (jsonb_typeof(attributes) = 'object'),
  ingested_at timestamptz not null default clock_timestamp(),
  ingest_xid xid8 not null default pg_current_xact_id()
);
comment on table leads is 'People. One row per external id, for ever; attributes are the latest, for display.';
create index leads_account on leads (account_id) where account_id is not null;

-- No foreign key to leads: rows only come in through imports and inboxes, which join to leads anyway, and
-- checking 600,000 events cost more than writing them.
create table events (
  event_id text collate "C" primary key,
  lead_id bigint not null,
  type text collate "C" not null check (type <> ''),
  occurred_at timestamptz not null check (isfinite(occurred_at)),
  properties jsonb not null default '{}' check (jsonb_typeof(properties) = 'object'),
  ingested_at timestamptz not null default clock_timestamp(),
  ingest_xid xid8 not null default pg_current_xact_id()
);
comment on table events is 'What leads did or what was done to them. Insert-only; the first row with an id wins.';
create index events_lead on events (lead_id, occurred_at);
create index events_ingest on events (ingest_xid);

-- One row per value that began to hold. `attribute` is a name of the subject's attributes, or '@account' for
-- the account a lead belongs to (its value is the account_id). A null value says that it became missing.
create table attribute_change (
  change_id bigint generated always as identity primary key,
  subject text not null check (subject in ('lead', 'account')),
  subject_id bigint not null,
  attribute text collate "C" not null,
  value jsonb,
  from_at timestamptz not null,
  ingest_xid xid8 not null default pg_current_xact_id()
);
comment on table attribute_change is 'Which value an attribute had, from when on. Written by triggers on leads and accounts.';
create index attribute_change_subject on attribute_change (subject, subject_id, attribute, from_at);
create index attribute_change_ingest on attribute_change (ingest_xid);

-- Plain SQL counts: whoever changes leads.attributes leaves a trace. An import that knows since when its
-- values are true writes attribute_change itself, and says so by tideline.attribute_change = 'written'.
create function record_lead_changes() returns trigger language plpgsql as $$
begin
  if current_setting('tideline.attribute_change', true) = 'written' then return null; end if;
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
end $$;

create function record_account_changes() returns trigger language plpgsql as $$
begin
  if current_setting('tideline.attribute_change', true) = 'written' then return null; end if;
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
end $$;

create trigger leads_inserted after insert on leads referencing new table as new_rows
  for each statement execute function record_lead_changes();
create trigger leads_updated after update on leads referencing old table as old_rows new table as new_rows
  for each statement execute function record_lead_changes();
create trigger accounts_inserted after insert on accounts referencing new table as new_rows
  for each statement execute function record_account_changes();
create trigger accounts_updated after update on accounts referencing old table as old_rows new table as new_rows
  for each statement execute function record_account_changes();

-- Types are made once, at the door, and these three are how text is read there. Null means "is not one".

-- A number is text that comes back the same when written; `1,200` may have its thousands separated. So codes
-- such as 01234, +5 or 1e5 are none. Six decimals are kept, which every engine sums exactly.
create function as_number(value text) returns numeric language sql stable
return case
  when length(value) > 60 or value !~~ '%_%' then null
  when pg_input_is_valid(value, 'numeric') then
    case when value::numeric::text = value and value not in ('NaN', 'Infinity', '-Infinity')
           and abs(value::numeric) < 1e28
      then trim_scale(round(value::numeric, 6)) end
  when value ~~ '%,%' and value ~ '^-?[1-9][0-9]{0,2}(,[0-9]{3}){1,8}([.][0-9]+)?$'
    then trim_scale(round(replace(value, ',', '')::numeric, 6))
end;

-- A wall clock's time in a zone. In a gap (spring) it is moved forward by the gap, as if the clock had not been
-- set; of two readings (autumn) it is the earlier. Postgres alone would take the later.
create function local_instant(wall timestamp, zone text) returns timestamptz language plpgsql stable as $$
declare
  late timestamptz := wall at time zone zone;
begin
  -- Nearly always the clock was not set back in the hours before.
  if zone = 'UTC' or (late - interval '3 hours') at time zone zone = wall - interval '3 hours' then return late; end if;
  if (late - interval '1 hour') at time zone zone = wall then return late - interval '1 hour'; end if;
  if (late - interval '30 minutes') at time zone zone = wall then return late - interval '30 minutes'; end if;
  if (late - interval '2 hours') at time zone zone = wall then return late - interval '2 hours'; end if;
  return late;
end $$;

-- An instant is ISO 8601: a date, or date and time with T or a blank, with an offset, Z or none (then it is the
-- zone's wall clock). What is finer than a microsecond is cut off. Years 1900 to 2199.
create function as_instant(value text, zone text) returns timestamptz language plpgsql stable strict as $$
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
end $$;

-- The door for plain SQL and COPY: external ids, every value as text (or JSON); drained at the start of a run.
create table inbox_leads (
  inbox_id bigint generated always as identity primary key,
  lead_id text,
  account_id text,
  first_seen_at text,
  changed_at text,
  attributes jsonb not null default '{}',
  ingest_xid xid8 not null default pg_current_xact_id()
);
create table inbox_accounts (
  inbox_id bigint generated always as identity primary key,
  account_id text,
  changed_at text,
  attributes jsonb not null default '{}',
  ingest_xid xid8 not null default pg_current_xact_id()
);
create table inbox_events (
  inbox_id bigint generated always as identity primary key,
  event_id text,
  lead_id text,
  type text,
  occurred_at text,
  properties jsonb not null default '{}',
  ingest_xid xid8 not null default pg_current_xact_id()
);

-- One row per file taken, or per drain of the inboxes. One that is `running` while nobody holds its advisory lock
-- was killed: it took nothing, and the next import marks it as failed.
create table imports (
  import_id bigint generated always as identity primary key,
  kind text not null check (kind in ('leads', 'accounts', 'events', 'conversions', 'inbox')),
  source text not null,
  status text not null check (status in ('running', 'done', 'failed')),
  options jsonb not null default '{}',
  rows_read bigint not null default 0,
  rows_taken bigint not null default 0,
  rows_already_here bigint not null default 0,
  new_leads bigint not null default 0,
  new_accounts bigint not null default 0,
  rows_quarantined bigint not null default 0,
  error text,
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz
);

create table quarantine (
  quarantine_id bigint generated always as identity primary key,
  import_id bigint not null references imports,
  row_number bigint,
  code text not null,
  reason text not null,
  content jsonb not null,
  quarantined_at timestamptz not null default clock_timestamp()
);
comment on table quarantine is 'Rows that could not be taken, with the reason. Nothing is dropped silently.';
create index quarantine_import on quarantine (import_id);

-- Every name a definition may use, with its type, fixed when first seen. `event_type` is '' for attributes.
create table catalog (
  subject text not null check (subject in ('lead', 'account', 'event')),
  event_type text collate "C" not null default '',
  name text collate "C" not null,
  type text not null check (type in ('text', 'number', 'boolean', 'instant', 'json')),
  first_seen_at timestamptz not null default clock_timestamp(),
  primary key (subject, event_type, name)
);
create table event_types (
  type text collate "C" primary key,
  channel text,
  activity boolean not null default true,
  conversion boolean not null default false,
  first_seen_at timestamptz not null default clock_timestamp()
);
comment on column event_types.activity is 'False for what is done to a lead or by a machine; "last activity" leaves it out.';
