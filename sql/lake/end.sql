-- Notes that a generation is written. $1 lake uuid, $2 generation bigint, $3 horizon xid8 as text, $4 events bigint,
-- $5 bytes bigint.
update lakes
set token = pending, pending = null, horizon = $3::text::xid8, events = $4::bigint, bytes = $5::bigint,
  written_at = clock_timestamp()
where lake = $1::uuid and generation = $2::bigint
