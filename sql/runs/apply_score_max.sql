-- Writes the most points at the end of any day so far, and the first day on which it was so.
update lead_scores s set max_value = m.value, max_day = m.day
from staged_score_max m
where s.lead_id = m.lead_id and s.score = m.score and (s.max_value is null or m.value > s.max_value);
