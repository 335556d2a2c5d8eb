-- Records that a run begins; what an interrupted predecessor left as running is marked failed by interrupt.sql.
-- $1 mode text, $2 origin text, $3 as_of timestamptz, $4 horizon xid8, $5 fence bigint, $6 scoring_version int,
-- $7 options jsonb, $8 chosen jsonb: why in this mode. Returns run_id.
insert into runs (mode, origin, status, as_of, horizon, fence, scoring_version, options, chosen)
values ($1::text, $2::text, 'running', $3::timestamptz, $4::text::xid8, $5::bigint, $6::int, $7::jsonb, $8::jsonb)
returning run_id;
