-- On which days there were events of each type: how long its pauses are, and since when it is silent.

create table event_days (
  type text collate "C" not null,
  day date not null,
  primary key (type, day)
);
comment on table event_days is 'The UTC days with events of each type, as runs saw them. Written by runs alone.';
insert into event_days (type, day) select distinct type, (occurred_at at time zone 'UTC')::date from events;
