-- How many are on a static segment's list now. $1 segment_id bigint. Columns: members.
select count(*) as members from segment_list
where segment_id = $1::bigint and list = 'members' and until_at is null
