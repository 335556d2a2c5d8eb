-- Who is no lead any more has no scores.
delete from lead_scores s using staged_state n where not n.present and n.lead_id = s.lead_id;
