-- Gives back the right to write a lake. $1 folder text.
select pg_advisory_unlock(hashtextextended('tideline lake ' || $1::text, 0))
