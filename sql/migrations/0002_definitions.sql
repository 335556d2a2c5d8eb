-- What was asked: versioned, each version with a fingerprint of its meaning.

create table segments (
  segment_id bigint generated always as identity primary key,
  key text collate "C" not null unique check (key ~ '^[a-z0-9][a-z0-9_-]*$'),
  name text not null,
  owner text,
  action text,
  review text,
  origin text not null default 'files' check (origin in ('files', 'api')),
  status text not null default 'active' check (status in ('draft', 'active', 'paused', 'archived')),
  version integer not null,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp()
);
create table segment_versions (
  segment_id bigint not null references segments,
  version integer not null,
  definition text not null,
  tree jsonb,
  zone text not null default 'UTC',
  fingerprint text not null,
  applied_at timestamptz not null default clock_timestamp(),
  primary key (segment_id, version)
);
comment on column segment_versions.definition is 'The text form as written.';
comment on column segment_versions.tree is 'The JSON form.';
comment on column segment_versions.zone is 'The time zone in which its days, months and years are meant.';

create table scoring_versions (
  version integer generated always as identity primary key,
  definition jsonb not null,
  fingerprint text not null,
  applied_at timestamptz not null default clock_timestamp()
);
comment on table scoring_versions is 'What scoring.yaml said: points per event type, and levels as ordered lower bounds.';
