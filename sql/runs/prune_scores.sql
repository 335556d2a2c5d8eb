-- Removes how scores stood on days that are no longer kept: but for the last of them, from which it goes on, and for the
-- day of the maximum. $1 as_of timestamptz, $2 for how many days it is kept int.
delete from score_history h
where h.day < ($1::timestamptz at time zone 'UTC')::date - $2::int
  and exists (
    select from score_history later
    where later.lead_id = h.lead_id and later.score = h.score and later.day > h.day
      and later.day <= ($1::timestamptz at time zone 'UTC')::date - $2::int)
  and not exists (
    select from lead_scores s where s.lead_id = h.lead_id and s.score = h.score and s.max_day = h.day);
