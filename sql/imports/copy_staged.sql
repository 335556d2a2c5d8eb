-- Takes the bytes that DuckDB wrote. An unquoted empty field is null, a quoted one is ''.
copy staged (row_number, problem, about, event_id, lead_id, account_id, type,
  occurred_at, first_seen_at, changed_at, document, rest) from stdin (format csv)
