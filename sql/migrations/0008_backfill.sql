-- What a backfill has computed so far. It lies here, kept by the backfill's run, until the range is done and becomes
-- visible at once; one that was killed goes on from here. Empty while no backfill is under way.

create table backfills (
  run_id bigint primary key references runs,
  asked jsonb not null,
  meaning text not null,
  backend_pid integer not null,
  backend_start timestamptz,
  seen_at timestamptz not null default clock_timestamp()
);
comment on column backfills.asked is 'What was asked for. Whoever asks for the same goes on with it.';
comment on column backfills.meaning is 'A hash of the pinned definitions: it goes on only while they are the same.';
comment on column backfills.backend_pid is 'The session that is at it.';
comment on column backfills.seen_at is 'When it last got on.';

create table backfill_instant (
  run_id bigint not null references backfills on delete cascade,
  as_of timestamptz not null,
  done boolean not null default false,
  primary key (run_id, as_of)
);

-- Where one segment's history is rewritten, without a break: [from_at, until_at).
create table backfill_chunk (
  run_id bigint not null references backfills on delete cascade,
  segment_id bigint not null,
  version integer not null,
  from_at timestamptz not null,
  first_at timestamptz not null,
  until_at timestamptz not null,
  seam_at timestamptz,
  settled boolean not null default false,
  primary key (run_id, segment_id, from_at)
);
comment on column backfill_chunk.first_at is 'The first instant at which it is evaluated.';
comment on column backfill_chunk.seam_at is 'Where it meets what stands after it; null if nothing does.';
comment on column backfill_chunk.settled is 'What is to stand at the seam is among its changes.';

create table backfill_change (
  run_id bigint not null references backfills on delete cascade,
  segment_id bigint not null,
  lead_id bigint not null,
  as_of timestamptz not null,
  change text not null,
  cause text not null,
  version integer not null,
  by_run_id bigint not null,
  seam boolean not null,
  primary key (run_id, segment_id, lead_id, as_of)
);
comment on column backfill_change.by_run_id is 'At a seam, a row that stays as it stands keeps its run.';

create table backfill_stats (
  run_id bigint not null references backfills on delete cascade,
  segment_id bigint not null,
  as_of timestamptz not null,
  by_run_id bigint not null,
  members bigint not null,
  leads bigint not null,
  score_sum numeric(30,6),
  primary key (run_id, segment_id, as_of)
);

-- Days at whose end the scores are evaluated.
create table backfill_day (
  run_id bigint not null references backfills on delete cascade,
  day date not null,
  seam boolean not null,
  done boolean not null default false,
  primary key (run_id, day)
);
comment on column backfill_day.seam is 'The day after, which stays as recorded: only what is missing there now is added.';

create table backfill_score (
  run_id bigint not null references backfills on delete cascade,
  lead_id bigint not null,
  score text collate "C" not null,
  day date not null,
  value numeric(24,6) not null,
  level text,
  gone boolean not null default false,
  primary key (run_id, lead_id, score, day)
);
comment on column backfill_score.gone is 'It is recorded at a seam and need not be any more.';
