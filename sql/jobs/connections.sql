-- How many connections the server takes, and what narrows it for this user: most (max_connections), reserved (of these,
-- for others), role_limit and database_limit (-1: none). One row.
select current_setting('max_connections')::int as most,
  current_setting('superuser_reserved_connections')::int
    + coalesce(current_setting('reserved_connections', true)::int, 0) as reserved,
  (select rolconnlimit from pg_roles where rolname = current_user) as role_limit,
  (select datconnlimit from pg_database where datname = current_database()) as database_limit;
