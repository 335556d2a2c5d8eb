-- Where a run puts together what it will write. Temporary: a killed run leaves nothing behind. The evaluation itself
-- makes the table `evaluated` (lead_id, words bigint[], scores numeric[]), one row per lead that exists.
drop table if exists pg_temp.planned, pg_temp.planned_list, pg_temp.evaluated, pg_temp.staged_change;
create temporary table planned (
  segment_id bigint primary key,
  version integer not null,
  word integer not null,
  bit bigint not null,
  first boolean not null,
  reads_account boolean not null
);
-- Whose lists of leads each segment reads: its own, and those of what it refers to.
create temporary table planned_list (segment_id bigint not null, listed_id bigint not null);
create temporary table staged_change (
  segment_id bigint not null,
  lead_id bigint not null,
  change text not null,
  cause text not null,
  version integer not null,
  primary key (segment_id, lead_id)
);
