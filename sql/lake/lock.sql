-- Asks for the right to write a lake, for as long as the session lasts. $1 folder text. Column: locked boolean.
select pg_try_advisory_lock(hashtextextended('tideline lake ' || $1::text, 0)) as locked
