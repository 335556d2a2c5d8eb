-- The same of how scores stand now: who is no lead any more has none.
delete from staged_score s using tombstone t
where t.lead_id = s.lead_id and not exists (select from leads l where l.lead_id = t.lead_id);
