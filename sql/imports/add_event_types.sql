-- Event types seen for the first time, and which of them are conversions. $1 boolean: these rows are conversions.
insert into event_types (type, conversion)
select distinct type, $1::boolean from documents
order by type
on conflict (type) do update set conversion = true
where excluded.conversion and not event_types.conversion
