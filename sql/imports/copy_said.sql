-- Takes the bytes that DuckDB wrote.
copy said (document, type, rest, iso) from stdin (format csv)
