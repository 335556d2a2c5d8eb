-- The words the world is written in. Set by the caller: seed, leads, events (how many), start and days (the span).
-- Chance is a hash of a question and of whom it is asked about: the same seed gives the same rows, with any number of
-- threads and in any slices. Hashed twice, since a hash of several values only xors theirs.
create macro chance(question, a) as
    (hash(hash(getvariable('seed'), question, a)) >> 11) / 9007199254740992.0,
  (question, a, b) as
    (hash(hash(getvariable('seed'), question, a, b)) >> 11) / 9007199254740992.0;
create macro upto(limit_, u) as cast(floor(u * limit_) as bigint);
create macro choice(list, u) as list[1 + upto(len(list), u)];
create macro cube(u) as u * u * u;

-- From the start (0) to the end (1) of the span.
create macro instant(f) as
  getvariable('start')::timestamp + to_microseconds(upto(getvariable('days') * 86400000000, f));
-- An instant written as Postgres and the door write it.
create macro written(t) as strftime(t, '%Y-%m-%dT%H:%M:%S.%fZ');
-- Most of a day's work is done between seven and eight: the hours are moved, and their order stays.
create macro part_of_day(t) as date_diff('microsecond', date_trunc('day', t), t) / 86400000000.0;
create macro working(p) as case
  when p < 0.08 then p / 0.08 * 7 / 24
  when p < 0.92 then (7 + (p - 0.08) / 0.84 * 13) / 24
  else (20 + (p - 0.92) / 0.08 * 4) / 24 end;
create macro by_day(t) as date_trunc('day', t) + to_microseconds(cast(86400000000 * working(part_of_day(t)) as bigint));

-- Leads come one after another: the first 15 in 100 were there before the span, the rest come evenly.
create macro known_leads(f) as
  greatest(1, cast(floor(getvariable('leads') * (0.15 + 0.85 * f)) as bigint));
create macro first_seen(n) as case
  when n <= 0.15 * getvariable('leads') then
    getvariable('start')::timestamp - to_seconds(upto(365 * 86400, chance('before', n)))
  else instant((n / getvariable('leads') - 0.15) / 0.85) - to_seconds(3600)
end;

-- Which lead an event is of. Six in ten are of those that came lately, the later the more, and among sixteen
-- neighbours of a few; the others are of the few that never stop, wherever they stand.
create macro crowded(g, v) as g + 1 + (upto(16, cube(v) * cube(v)) + upto(16, chance('crowd', g))) % 16;
create macro crowd(n, u, v) as crowded(greatest(0, n - 1 - upto(n, cube(u))) // 16 * 16, v);
create macro steady(n, u) as 1 + (upto(getvariable('leads'), u * u) * 982451653) % getvariable('leads');
create macro actor(n, i) as case
  when chance('who', i) < 0.6 then least(n, crowd(n, chance('late', i), chance('which', i)))
  else if(steady(n, chance('steady', i)) <= n, steady(n, chance('steady', i)), 1 + upto(n, chance('any', i)))
end;

-- Accounts of one lead, mostly, and a few of hundreds.
create macro accounts() as greatest(1, getvariable('leads') // 6);
create macro account_of(question, n) as 1 + upto(accounts(), pow(chance(question, n), 1.6));
