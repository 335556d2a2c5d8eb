-- Which instants there are for each segment, by which version, and whether they are done. The segment is there from
-- `since` until `until`.
create temporary table slot (
  segment_id bigint, as_of timestamptz, recorded boolean not null, done boolean not null,
  version integer not null, meaning text not null, since timestamptz not null, until timestamptz not null,
  primary key (segment_id, as_of)
);
