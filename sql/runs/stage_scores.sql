-- Where a run puts together what it will write of scores at the ends of days. Temporary: a killed run leaves nothing.
drop view if exists pg_temp.score_history;
drop table if exists pg_temp.evaluated_day, pg_temp.staged_score_day, pg_temp.staged_score_max;
create temporary table staged_score_day (
  lead_id bigint not null,
  score text collate "C" not null,
  day date not null,
  value numeric(24,6) not null,
  level text,
  primary key (lead_id, score, day)
);
create temporary table staged_score_max (
  lead_id bigint not null,
  score text collate "C" not null,
  value numeric(24,6) not null,
  day date not null,
  primary key (lead_id, score)
);
