-- Says why a full run was evaluated in Postgres and not over the lake. $1 run_id bigint, $2 code and message jsonb.
update runs set chosen = chosen || jsonb_build_object('lake', $2::jsonb) where run_id = $1::bigint;
