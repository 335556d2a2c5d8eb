-- Records what has just been applied.
--   $1 text   name
--   $2 text   SHA-256 of its text, in hex
insert into migrations (name, sha256) values ($1::text, $2::text);
