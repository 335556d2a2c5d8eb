-- Removes the history of the range, to be written anew. $1 from, $2 to timestamptz, $3 segment_ids bigint[].
delete from membership_change
where segment_id = any($3::bigint[]) and as_of between $1::timestamptz and $2::timestamptz;
