-- How scores stood as it is recorded, whatever stands before it under its name.
create temporary view recorded_score as select lead_id, score, day, value, level from score_history;
