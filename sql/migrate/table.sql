-- The record of what has been applied: one row per migration and one per view (`views/…`).
create table if not exists migrations (
  name text primary key,
  sha256 text not null,
  applied_at timestamptz not null default now()
);
comment on table migrations is 'What Tideline applied to this schema: files of sql/migrations, and views with the text they were made from';
