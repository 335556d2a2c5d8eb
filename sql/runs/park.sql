-- Takes segments out of what a run is going to write. $1 segment_ids bigint[].
with planned_no_more as (delete from planned where segment_id = any($1::bigint[])),
difference_no_more as (delete from difference where segment_id = any($1::bigint[])),
figure_no_more as (delete from staged_figure where segment_id = any($1::bigint[]))
delete from staged_change where segment_id = any($1::bigint[])
