-- The statement that drops a view, and forgets that it was applied.
--   $1 text   name of the view
-- → drop_view text
with forgotten as (
  delete from migrations where name = 'views/' || $1::text
)
select format('drop view if exists %I', $1::text) as drop_view;
