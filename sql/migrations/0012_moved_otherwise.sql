-- What definitions, repairs and backfills moved is told beside what leads and hands did, and is little of all there is.
create index membership_change_otherwise on membership_change (segment_id, as_of)
  where cause in ('definition', 'repair', 'backfill');
