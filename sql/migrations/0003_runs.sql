-- What was done: runs, and per run the outcome of each segment.

-- One row. Who may write now: a lease on the database's clock, a fence that rises with every claim, and the
-- session that holds it, so that a claim whose session is gone can be taken over at once.
create table run_lease (
  only_row boolean primary key default true check (only_row),
  fence bigint not null default 0,
  run_id bigint,
  owner text,
  backend_pid integer,
  backend_start timestamptz,
  lease_until timestamptz
);
insert into run_lease default values;

create table runs (
  run_id bigint generated always as identity primary key,
  mode text not null check (mode in ('incremental', 'full', 'backfill')),
  origin text not null check (origin in ('command', 'schedule', 'queue')),
  status text not null check (status in ('running', 'done', 'failed')),
  as_of timestamptz not null,
  horizon xid8 not null,
  fence bigint not null,
  scoring_version integer references scoring_versions,
  options jsonb not null default '{}',
  steps jsonb not null default '[]',
  leads bigint,
  entered bigint,
  "left" bigint,
  rollup_due boolean not null default false,
  error jsonb,
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz
);
comment on column runs.as_of is 'What had happened by then counts.';
comment on column runs.horizon is 'What had arrived in transactions below this one counts.';
comment on column runs.rollup_due is 'A nightly run whose figures are still to be rolled up.';
comment on column runs.steps is 'What the run did: name, rows and milliseconds of each step.';
-- One sequence of runs, with rising as_of. A backfill writes into the past, so it may repeat an instant.
create unique index runs_sequence on runs (as_of) where status = 'done' and mode <> 'backfill';

create table run_segments (
  run_id bigint not null references runs,
  segment_id bigint not null references segments,
  version integer not null,
  outcome text not null check (outcome in ('done', 'broken', 'blocked', 'superseded')),
  error jsonb,
  primary key (run_id, segment_id)
);

-- How each segment stands since the last run that changed it. Runs that change nothing write nothing here.
create table segment_state (
  segment_id bigint primary key references segments,
  state text not null check (state in ('ok', 'broken', 'blocked')),
  version integer,
  scoring_version integer,
  run_id bigint references runs,
  good_as_of timestamptz,
  error jsonb
);
comment on column segment_state.version is 'The version that membership now shows; null before the first evaluation.';
comment on column segment_state.good_as_of is 'While it is not evaluated (not ok, or not active): as of when its members are still true.';
