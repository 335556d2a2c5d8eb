-- After many rows came in: what was written since is found by its time at once, and not only after the next vacuum.
select brin_summarize_new_values('events_occurred'), brin_summarize_new_values('attribute_change_from')
