-- Writes how leads now stand.
insert into lead_state as s (lead_id, present, due_at)
select lead_id, present, due_at from staged_state
on conflict (lead_id) do update set present = excluded.present, due_at = excluded.due_at;
