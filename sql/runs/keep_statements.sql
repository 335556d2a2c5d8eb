-- Keeps the texts of statements, for `runs ID`. $1 hashes text[], $2 texts text[].
insert into run_statements (hash, sql)
select * from unnest($1::text[], $2::text[])
on conflict (hash) do nothing;
