-- Where no later run looked at a segment, the state at the end of the range is who is in now. $1 to, $2 run_id bigint.
merge into membership m
using (
  select coalesce(h.segment_id, o.segment_id) as segment_id, coalesce(h.lead_id, o.lead_id) as lead_id,
    h.lead_id is not null as held
  from (
    select h.* from held_member h join backfill_chunk k using (segment_id)
    where k.run_id = $2::bigint and k.seam_at is null
  ) h
  full join (
    select o.* from membership o join backfill_chunk k using (segment_id)
    where k.run_id = $2::bigint and k.seam_at is null
  ) o on o.segment_id = h.segment_id and o.lead_id = h.lead_id
) as n on m.segment_id = n.segment_id and m.lead_id = n.lead_id
when matched and not n.held then delete
when not matched and n.held then
  insert (segment_id, lead_id, since, run_id) values (n.segment_id, n.lead_id, $1::timestamptz, $2::bigint);
