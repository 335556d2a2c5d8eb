-- The leads or accounts that an import made or changed.
create temp table touched (subject_id bigint primary key);
