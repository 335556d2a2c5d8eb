-- Out of Postgres: which leads the run before saw, and when each was to be looked at again.
-- Columns: lead_id, present, due_at.
select lead_id, present, due_at at time zone 'UTC' as due_at from lead_state
