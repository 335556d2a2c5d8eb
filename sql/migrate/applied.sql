-- What has been applied.
-- → name text, sha256 text
select name, sha256 from migrations order by name;
