-- Which instants there are for each segment, and whether they are done.
create temporary table slot (
  segment_id bigint, as_of timestamptz, recorded boolean not null, done boolean not null,
  primary key (segment_id, as_of)
);
