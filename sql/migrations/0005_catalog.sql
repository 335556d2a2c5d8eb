-- What definitions may name: aliases beside event types, ranges beside numbers; types that change; keys that change.

create table event_aliases (
  name text collate "C" primary key check (name <> ''),
  definition text not null,
  zone text not null default 'UTC'
);
comment on column event_aliases.zone is 'The time zone in which the days that it names are meant.';
comment on table event_aliases is 'Names of events.yaml that stand for events with a filter.';
comment on column event_aliases.definition is 'The text form as written: a type, a prefix or a list of types, with a filter.';

alter table catalog drop constraint catalog_type_check;
alter table catalog add constraint catalog_type_check
  check (type in ('text', 'number', 'boolean', 'instant', 'json', 'range'));
comment on column catalog.type is 'A range is written "501-1000" or "10,000+", and stored as the number it begins with.';

-- The bound is what every engine can sum and compare without losing a digit: 22 digits before the point, 6 after it.
-- concat() keeps the planner from reading a constant as a number before it is known to be one.
create or replace function as_number(value text) returns numeric language sql stable
return case
  when length(value) > 60 or value !~~ '%_%' then null
  when pg_input_is_valid(value, 'numeric') then
    case when concat(value)::numeric::text = value and value not in ('NaN', 'Infinity', '-Infinity')
           and abs(concat(value)::numeric) < 1e22
      then trim_scale(round(concat(value)::numeric, 6)) end
  when value ~~ '%,%' and value ~ '^-?[1-9][0-9]{0,2}(,[0-9]{3}){1,7}([.][0-9]+)?$'
    then case when abs(replace(value, ',', '')::numeric) < 1e22
      then trim_scale(round(replace(value, ',', '')::numeric, 6)) end
end;

-- A range is read by its lower bound: "501-1000", "1 - 10", "10,000+", ">500", ">= 500", "5 to 10", or a number alone.
create function as_range(value text) returns numeric language sql stable
return coalesce(as_number(value), case when length(value) < 80 and value ~ '[0-9]' then (
  select case when bound[2] is null or as_number(bound[1]) <= as_number(bound[2]) then as_number(bound[1]) end
  from regexp_match(
    value, '^ *(?:>=?|\u2265)? *(-?[0-9][0-9,.]*)(?: *\+| *(?:[-\u2010-\u2015]|to) *(-?[0-9][0-9,.]*))? *$') as bound
) end);

-- What the door stores for a value of a name that has this type; of one that is not of the type, its text. Lists and
-- objects stay as they are.
create function as_typed(value jsonb, type text, zone text) returns jsonb language sql stable
return case
  when type = 'json' or jsonb_typeof(value) in ('array', 'object', 'null') then value
  else coalesce(
    case type
      when 'number' then to_jsonb(as_number(value #>> '{}'))
      when 'range' then to_jsonb(as_range(value #>> '{}'))
      when 'boolean' then case lower(value #>> '{}') when 'true' then to_jsonb(true) when 'false' then to_jsonb(false) end
      when 'instant' then to_jsonb(to_char(
        as_instant(value #>> '{}', zone) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
    end,
    to_jsonb(value #>> '{}'))
end;

-- Whether a stored value is of a type; one that is not counts as missing. Null for what is missing anyway.
create function is_typed(value jsonb, type text) returns boolean language sql immutable
return case
  when value is null or value in ('null', '""', '[]') then null
  when type = 'json' then true
  when type in ('number', 'range') then
    case when jsonb_typeof(value) = 'number' then abs(value::numeric) < 1e22 else false end
  when type = 'boolean' then jsonb_typeof(value) = 'boolean'
  when type = 'instant' then
    jsonb_typeof(value) = 'string' and value #>> '{}' ~ '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.]\d{6}Z$'
  else jsonb_typeof(value) = 'string'
end;

-- What a value that is not of its type is instead, in a word.
create function stored_kind(value jsonb, type text) returns text language sql stable
return case jsonb_typeof(value)
  when 'array' then 'list'
  when 'number' then case when type in ('number', 'range') then 'too large number' else 'number' end
  when 'string' then case
    when as_number(value #>> '{}') is not null then 'number as text'
    when as_range(value #>> '{}') is not null then 'range'
    when as_instant(value #>> '{}', 'UTC') is not null then 'instant'
    when lower(value #>> '{}') in ('true', 'false') then 'boolean as text'
    else 'text'
  end
  else jsonb_typeof(value)
end;

-- What a value says, whichever type it was stored or read as: two that agree in this were written for one another.
create function as_said(value jsonb, zone text) returns jsonb language sql stable
return case
  when jsonb_typeof(value) in ('array', 'object', 'null') then value
  else coalesce(
    to_jsonb(as_range(value #>> '{}')),
    to_jsonb(as_instant(value #>> '{}', zone)),
    to_jsonb(case when lower(value #>> '{}') in ('true', 'false') then lower(value #>> '{}') else value #>> '{}' end))
end;

-- A segment keeps what it has been under a new key; the old one is remembered.
create table segment_renames (
  rename_id bigint generated always as identity primary key,
  segment_id bigint not null references segments,
  old_key text collate "C" not null,
  renamed_at timestamptz not null default clock_timestamp()
);
create index segment_renames_key on segment_renames (old_key);

-- Whoever applies says so in the transaction that does it, by tideline.applied_by and tideline.applied_for.
alter table segment_versions
  add column applied_by text default nullif(current_setting('tideline.applied_by', true), ''),
  add column applied_for text default nullif(current_setting('tideline.applied_for', true), '');
comment on column segment_versions.applied_by is 'Who applied it: user and host.';
comment on column segment_versions.applied_for is 'What made it, where no file did: a type that was set, a version gone back to.';
