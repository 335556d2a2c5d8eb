-- Where a run puts together what it will write. Temporary: a killed run leaves nothing behind. Where Postgres evaluates
-- it makes the table `evaluated` (lead_id, words bigint[], scores numeric[], due_at), one row per lead that exists.
drop table if exists pg_temp.planned, pg_temp.planned_list, pg_temp.evaluated, pg_temp.difference,
  pg_temp.staged_change, pg_temp.staged_score, pg_temp.staged_state, pg_temp.staged_figure;
create temporary table planned (
  segment_id bigint primary key,
  version integer not null,
  word integer not null,
  bit bigint not null,
  first boolean not null,
  reads_account boolean not null,
  -- Whether it hangs on points that grow less at midnight, whatever the lead does.
  fades boolean not null,
  -- Whether it hangs on what was recorded before, of a segment or of a score.
  reads_past boolean not null,
  meaning text not null,
  -- active or archived: nobody is in it any more.
  status text not null
);
-- Whose lists of leads each segment reads: its own, and those of what it refers to.
create temporary table planned_list (segment_id bigint not null, listed_id bigint not null);
-- The bits that differ from membership.
create temporary table difference (
  segment_id bigint not null,
  lead_id bigint not null,
  change text not null
);
-- The same with cause and version: what will be written.
create temporary table staged_change (
  segment_id bigint not null,
  lead_id bigint not null,
  change text not null,
  cause text not null,
  version integer not null
);
-- Scores whose value or level differs from lead_scores: `position` counts the plan's scores from 1.
create temporary table staged_score (
  lead_id bigint not null,
  position integer not null,
  micropoints numeric not null
);
-- Rows of lead_state that differ.
create temporary table staged_state (
  lead_id bigint not null,
  present boolean not null,
  due_at timestamptz
);
-- How each segment stands once the run is applied: members, and the exact sum of their main score in micro-points.
create temporary table staged_figure (
  segment_id bigint not null,
  members bigint not null,
  score_sum numeric
);
