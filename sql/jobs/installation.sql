-- A short name for this installation that no other one has, so that several can share one Redis.
-- $1 schema text. Column: name.
select left(md5(concat_ws(' ', (select system_identifier from pg_control_system()), current_database(), $1::text)), 12) as name;
