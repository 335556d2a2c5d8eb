-- How many rows `incoming` holds, whether any of them has no id of its own, and whether any says since when it holds.
select count(*) as rows, coalesce(bool_or(changed_at is not null), false) as dated from incoming
