-- What was understood when something was written, so that it is done again only where it means something else by now.

alter table run_segments add column meaning text;
comment on column run_segments.meaning is 'Of a segment that is done: fingerprint of all that its members hang on.';
alter table backfill_chunk add column meaning text;
comment on column backfill_chunk.meaning is 'Fingerprint of all that the members hang on.';
-- From now on the scores that a segment reads belong to its meaning; which version of them it last had is known.
update segment_state set meaning = null
where scoring_version is not distinct from (select max(version) from scoring_versions);

-- The UTC days at whose ends scores are recorded: who wrote each of them last, the run that passed its end or a
-- backfill; and whether no run has removed rows of it since.
create function recorded_score_days() returns table (day date, run_id bigint, is_whole boolean)
language sql stable
begin atomic
  with passing as (
    select r.run_id, r.mode, r.steps, (r.as_of at time zone 'UTC')::date as today,
      (max(r.as_of) over (order by r.run_id rows between unbounded preceding and 1 preceding) at time zone 'UTC')::date
        as first_day
    from runs r where r.status = 'done'
  ),
  written as (
    select p.first_day + n as day, p.run_id
    from passing p, generate_series(0, p.today - p.first_day - 1) n
    where p.mode <> 'backfill' and p.today > p.first_day and p.steps @> '[{"name": "stage score days"}]'
    union all
    select d::date, r.run_id from runs r, jsonb_array_elements_text(r.options -> 'days') d
    where r.status = 'done' and r.mode = 'backfill'
  ),
  removed as materialized (
    select r.run_id, (r.options ->> 'scores_kept_from')::date as kept_from
    from runs r where r.status = 'done' and r.options ? 'scores_kept_from'
  )
  select w.day, w.run_id,
    not exists (select from removed d where d.run_id > w.run_id and d.kept_from > w.day)
  from (select distinct on (written.day) * from written order by written.day, written.run_id desc) w;
end;

-- Of each lead the last row that says anything of the day: on those between two rows a score does nothing but fade.
create function score_on(score text, day date)
returns table (lead_id text, value numeric, level text, recorded_on date, is_exact boolean)
language sql stable
begin atomic
  select l.external_id, h.value, h.level, h.day, h.day = $2
  from leads l
  join lateral (
    select r.value, r.level, r.day from score_history r
    where r.lead_id = l.lead_id and r.score = $1 and r.day <= $2
    order by r.day desc limit 1
  ) h on true;
end;
comment on function score_on is 'How a score of each lead stood at the end of a UTC day, as recorded. Where is_exact, the row is of that very day; else recorded_on says of which earlier one: nothing but fading has changed the score since, so it had at most so many points.';
