-- The run's own row. $1 run_id bigint, $2 fence bigint, $3 steps jsonb, $4 keys text[] of what was left out,
-- $5 boolean: scores were, too.
update runs
set status = 'done', finished_at = clock_timestamp(), steps = $3::jsonb, fence = $2::bigint,
  options = options
    || jsonb_build_object('versions', (
      select coalesce(jsonb_object_agg(segment_id::text, version), '{}') from backfill_chunk where run_id = $1::bigint),
      'meanings', (
      select coalesce(jsonb_object_agg(segment_id::text, meaning), '{}') from backfill_chunk where run_id = $1::bigint),
      'last_instant', (select max(as_of) from backfill_instant where run_id = $1::bigint))
    || case when cardinality($4::text[]) = 0 then '{}' else jsonb_build_object('segments', (
      select coalesce(jsonb_agg(distinct s.key), '[]') from backfill_chunk k join segments s using (segment_id)
      where k.run_id = $1::bigint)) end
    || case when $5::boolean then '{"days": []}' else '{}' end::jsonb,
  entered = (select count(*) from backfill_change where run_id = $1::bigint and change = 'entered' and not seam),
  "left" = (select count(*) from backfill_change where run_id = $1::bigint and change = 'left' and not seam)
where run_id = $1::bigint and status = 'running'
returning entered, "left";
