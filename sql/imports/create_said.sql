-- Properties (of one event type) or attributes as they were written. Rows of a file that say the same share one.
-- iso: those of them that are instants written otherwise, in ISO 8601.
create temp table said (
  document bigint,
  type text collate "C",
  rest text,
  iso text
);
