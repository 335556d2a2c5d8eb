-- Out of Postgres: when what is known already and dated after as_of makes a lead due. Columns: lead_id, due_at.
select lead_id, due_at at time zone 'UTC' as due_at from later
