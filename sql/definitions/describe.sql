-- New name, notes or status of a segment whose meaning stays. $1 key, $2 name, $3 owner, $4 action, $5 review, $6 status.
update segments
set name = $2::text, owner = $3::text, action = $4::text, review = $5::text, status = $6::text,
  updated_at = clock_timestamp()
where key = $1::text;
