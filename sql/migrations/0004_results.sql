-- What is true: who is in, who came and went, how hot they are. Written by runs alone, and only differences.
-- The two large tables carry no foreign keys: a run writes them from rows it has just read under its lease, and
-- checking each of 134,000 first entries took two of the three seconds that writing them took.

create table membership (
  segment_id bigint not null,
  lead_id bigint not null,
  since timestamptz not null,
  run_id bigint not null,
  primary key (segment_id, lead_id)
);
create index membership_lead on membership (lead_id);

create table membership_change (
  segment_id bigint not null,
  lead_id bigint not null,
  as_of timestamptz not null,
  change text not null check (change in ('entered', 'left')),
  cause text not null check (cause in ('definition', 'manual', 'repair', 'backfill', 'data', 'time')),
  version integer not null,
  run_id bigint not null,
  primary key (segment_id, lead_id, as_of)
);
create index membership_change_lead on membership_change (lead_id, as_of);
create index membership_change_time on membership_change (segment_id, as_of);

create table lead_scores (
  lead_id bigint not null,
  score text collate "C" not null default 'engagement',
  value numeric(24,6) not null,
  level text,
  changed_as_of timestamptz not null,
  run_id bigint not null,
  primary key (lead_id, score)
);
comment on column lead_scores.value is 'Points as of the last run; shown rounded down, compared exactly.';

create table segment_stats (
  segment_id bigint not null references segments,
  as_of timestamptz not null,
  run_id bigint not null references runs,
  members bigint not null,
  leads bigint not null,
  entered bigint not null,
  "left" bigint not null,
  score_sum numeric(30,6),
  primary key (segment_id, as_of)
);
comment on table segment_stats is 'One row per segment and run in which a figure changed.';
comment on column segment_stats.leads is 'All leads that existed then; members / leads is the share.';
comment on column segment_stats.entered is 'Entries by cause data, time or manual.';
comment on column segment_stats.score_sum is 'Exact sum of the members'' scores; over members it is the mean. Null without scores.';

create table segment_top_events (
  segment_id bigint not null references segments,
  as_of timestamptz not null,
  rank integer not null,
  type text collate "C" not null,
  events bigint not null,
  leads bigint not null,
  members bigint not null,
  primary key (segment_id, as_of, rank)
);
create table segment_conversion (
  segment_id bigint not null references segments,
  as_of timestamptz not null,
  members bigint not null,
  converted bigint not null,
  leads bigint not null,
  leads_converted bigint not null,
  primary key (segment_id, as_of)
);
