-- One row per row of a file or an inbox, every value as text, of one session.
-- problem, about: what made the row unreadable before it came here; then rest is the row as it stood.
-- document: what else it says, in `said`. account_id: null says nothing about the account, '' takes it away.
create temp table staged (
  row_number bigint,
  problem text,
  about text,
  event_id text collate "C",
  lead_id text collate "C",
  account_id text collate "C",
  type text collate "C",
  occurred_at text,
  first_seen_at text,
  changed_at text,
  document bigint,
  rest text
);
