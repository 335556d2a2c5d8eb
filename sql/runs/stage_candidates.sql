-- Who may differ from what the last applied run left: each lead with the first of the reasons that hold.
create temporary table if not exists candidate (
  lead_id bigint primary key,
  reason text not null
);
