-- Removes how scores stood on days before a limit, but for what is still asked of them: the last of them, from which the
-- course goes on; the first with the most points; and for each level the last on which it was come to, with the one
-- before. Looks only at the courses of which a day has come of age since this was done last. $1 limit date.
with before as (
  select coalesce(max((r.options ->> 'scores_kept_from')::date), '-infinity') as day
  from runs r
  where r.status = 'done' and r.options ? 'scores_kept_from' and not exists (
    select from runs b where b.mode = 'backfill' and b.status = 'done' and b.finished_at >= r.finished_at
  )
),
aged as (
  select lead_id, score, day, level,
    lead(day) over course is null as is_last,
    row_number() over (partition by lead_id, score order by value desc, day) = 1 as is_most,
    lag(level) over course <> level as is_entry
  from score_history
  where day <= $1::date and (lead_id, score) in (
    select lead_id, score from score_history where day > (select day from before) and day <= $1::date
  )
  window course as (partition by lead_id, score order by day)
),
entries as (
  select lead_id, score, day, is_last or is_most as is_kept,
    coalesce(is_entry, false)
      and day = max(day) filter (where is_entry) over (partition by lead_id, score, level) as is_last_entry
  from aged
),
kept as (
  select lead_id, score, day,
    is_kept or is_last_entry
      or lead(is_last_entry, 1, false) over (partition by lead_id, score order by day) as is_kept
  from entries
)
delete from score_history h using kept k
where k.lead_id = h.lead_id and k.score = h.score and k.day = h.day and not k.is_kept and h.day < $1::date;
