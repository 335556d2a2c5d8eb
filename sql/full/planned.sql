-- Out of Postgres: which bit of a lead's set each segment is. Columns: segment_id, word, bit.
select segment_id, word, bit from planned
