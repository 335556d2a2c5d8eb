-- What events.yaml says of event types, known before or not.
-- $1 types text[], $2 channels text[], $3 activity boolean[], $4 conversion boolean[].
insert into event_types as t (type, channel, activity, conversion)
select * from unnest($1::text[], $2::text[], $3::boolean[], $4::boolean[])
on conflict (type) do update
  set channel = excluded.channel, activity = excluded.activity, conversion = excluded.conversion
  where (t.channel, t.activity, t.conversion) is distinct from (excluded.channel, excluded.activity, excluded.conversion);
