-- What hands put on a segment's list, and how scores stood from day to day.

-- The members of static segments, and what a hand added to a dynamic one or took from it. Read as of an instant.
create table segment_list (
  list_id bigint generated always as identity primary key,
  segment_id bigint not null references segments,
  lead_id bigint not null,
  list text not null check (list in ('members', 'added', 'removed')),
  from_at timestamptz not null,
  until_at timestamptz check (until_at > from_at),
  until_xid xid8,
  created_at timestamptz not null default clock_timestamp(),
  created_by text,
  ingest_xid xid8 not null default pg_current_xact_id(),
  check ((until_at is null) = (until_xid is null))
);
comment on table segment_list is 'Leads named by hand: the members of static segments, and overrides of dynamic ones.';
comment on column segment_list.list is 'members: of a static segment; added and removed: overrides, which win over the definition.';
comment on column segment_list.until_at is 'Excluded. Null: it holds until it is undone.';
comment on column segment_list.until_xid is 'The transaction that said until when: a run that does not know it yet sees the row go on.';
comment on column segment_list.created_by is 'User and host; null: not recorded.';
create index segment_list_segment on segment_list (segment_id, list, lead_id);
create index segment_list_lead on segment_list (lead_id);
create index segment_list_ingest on segment_list (ingest_xid);

-- A static segment belongs to whoever took the snapshot: no file holds it.
alter table segments drop constraint segments_origin_check;
alter table segments add constraint segments_origin_check check (origin in ('files', 'api', 'snapshot'));
comment on column segments.origin is 'snapshot: a static segment; its definition is a list of leads.';

alter table lead_scores add column max_value numeric(24,6), add column max_day date;
comment on column lead_scores.max_value is 'The most points at the end of any UTC day so far; null before the first day''s end.';
comment on column lead_scores.max_day is 'The first day on which it was so.';

create table score_history (
  lead_id bigint not null,
  score text collate "C" not null,
  day date not null,
  value numeric(24,6) not null,
  level text,
  run_id bigint not null,
  primary key (lead_id, score, day)
);
comment on table score_history is 'How a score stood at the end of a UTC day: a row where something other than fading changed it, it rose, or its level changed.';
create index score_history_day on score_history (score, day);

alter table scoring_versions add column history text not null default 'from-now'
  check (history in ('from-now', 'rebuild'));
comment on column scoring_versions.history is 'What was chosen for the past: from-now: it stays as recorded; rebuild: backfills recompute it with this version.';
