-- What every run asks for is found without reading all that was ever recorded.

create index runs_applied on runs (as_of desc, (mode = 'backfill'), run_id desc) where status = 'done';
create index runs_backfills on runs (finished_at) where mode = 'backfill' and status = 'done';
create index runs_rollup_due on runs (run_id) where rollup_due;

-- Who begins to exist, and whom a hand moves, within a day; who is on a list that a hand wrote, among all that are frozen.
create index leads_first_seen on leads using brin (first_seen_at timestamptz_minmax_multi_ops)
  with (autosummarize = on);
create index segment_list_times on segment_list
  using brin (from_at timestamptz_minmax_multi_ops, until_at timestamptz_minmax_multi_ops) with (autosummarize = on);
create index segment_list_hands on segment_list (segment_id) where list <> 'members';
