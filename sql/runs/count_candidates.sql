-- How many candidates there are for each reason. Columns: reason, leads.
select reason, count(*)::int as leads from candidate group by reason order by leads desc, reason;
