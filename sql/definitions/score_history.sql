-- What is to become of the past of scores, chosen for the rules as they stand. $1 'from-now' or 'rebuild'.
update scoring_versions set history = $1::text
where version = (select max(version) from scoring_versions) and history <> $1::text;
