-- Which bit of a lead's set each segment is. $1 segment_ids bigint[], $2 versions int[], $3 words int[] (from 1),
-- $4 bits bigint[], $5 first boolean[]: this run is the first to apply what it means now;
-- $6 reads_account boolean[]: it looks at the other leads of a lead's account; $7 fades boolean[]: it hangs on points
-- that grow less at midnight; $8 reads_past boolean[]: it hangs on what was recorded; $9 meanings text[], $10 statuses
-- text[].
insert into planned (segment_id, version, word, bit, first, reads_account, fades, reads_past, meaning, status)
select * from unnest($1::bigint[], $2::int[], $3::int[], $4::bigint[], $5::boolean[], $6::boolean[], $7::boolean[],
  $8::boolean[], $9::text[], $10::text[]);
