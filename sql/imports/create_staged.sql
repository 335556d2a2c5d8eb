-- One row per row of a file or an inbox, every value as text, of one session.
-- Those that can't be taken move to `refused`, with what is wrong with them.
-- problem, about: what made the row unreadable before it came here. iso: instants of rest, put into ISO 8601.
-- account_id: null says nothing about the account, '' takes it away.
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
  rest text collate "C",
  iso text collate "C"
);
