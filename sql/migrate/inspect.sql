-- What there is before anything is created.
--   $1 text   the schema
-- → version text, version_number int4, schema_exists bool, table_exists bool, create_schema text (the statement that would make it)
select current_setting('server_version') as version,
       current_setting('server_version_num')::int4 as version_number,
       to_regnamespace(quote_ident($1::text)) is not null as schema_exists,
       to_regclass(format('%I.migrations', $1::text)) is not null as table_exists,
       format('create schema %I', $1::text) as create_schema;
