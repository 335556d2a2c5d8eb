-- What events.yaml says of aliases, in place of what it said before.
-- $1 names text[], $2 definitions text[], $3 zone text. Returns the names that are new, changed or gone.
with said as (
  select name, definition from unnest($1::text[], $2::text[]) as a(name, definition)
), gone as (
  delete from event_aliases where name <> all($1::text[]) returning name
), kept as (
  insert into event_aliases as a (name, definition, zone)
  select name, definition, $3::text from said
  on conflict (name) do update set definition = excluded.definition, zone = excluded.zone
    where (a.definition, a.zone) is distinct from (excluded.definition, excluded.zone)
  returning name
)
select name from gone union all select name from kept order by name
