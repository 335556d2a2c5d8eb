-- Takes the rows that were refused out of `incoming`.
delete from incoming where verdict is not null
