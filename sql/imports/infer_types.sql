-- Fixes the types of the names in `named` that the catalog does not have yet. $1 text: lead, account or event.
insert into catalog (subject, event_type, name, type)
select $1, event_type, name, type from named where type is not null
order by event_type, name
on conflict do nothing
returning event_type, name
