-- History as it stands, whatever stands before it under its name.
create temporary view recorded_change as select * from membership_change;
