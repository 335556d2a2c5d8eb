-- Room for the next day.
truncate staged_score_day, staged_score_max;
