-- Writes what `timeline` says into attribute_change where it differs from the value as of that instant, and notes
-- whom it concerns in `touched`. $1 text: lead or account.
with line as (
  select c.subject_id, c.attribute, c.value, c.from_at, false as said, c.change_id as place
  from attribute_change c
  where c.subject = $1 and (c.subject_id, c.attribute) in (select subject_id, attribute from timeline)
  union all
  select subject_id, attribute, value, from_at, true, 0 from timeline
), stepped as (
  select *, lag(value) over step as before, row_number() over step as nth
  from line
  window step as (partition by subject_id, attribute order by from_at, said, place)
), written as (
  insert into attribute_change (subject, subject_id, attribute, value, from_at)
  select $1, subject_id, attribute, value, from_at
  from stepped
  where said and case nth when 1 then value is not null else value is distinct from before end
  order by subject_id, attribute, from_at
  returning subject_id
)
insert into touched select distinct subject_id from written on conflict do nothing
