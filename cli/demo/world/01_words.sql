-- The words the world is written in: chance, choice and time. `today` is set by the caller.
--
-- Chance is a hash of what is asked (a word) and of whom (a lead's number, a day). The same question has
-- the same answer on every machine, with any number of threads. Hashed twice because the hash of several
-- values only xors them: without it the answers to two questions about one lead would be mirror images.
-- Elsewhere only + - * / are used on these numbers: pow and ln may differ in the last digit between
-- platforms.

create macro chance(question, a) as
    (hash(hash('tideline', question, a)) >> 11) / 9007199254740992.0,
  (question, a, b) as
    (hash(hash('tideline', question, a, b)) >> 11) / 9007199254740992.0,
  (question, a, b, c) as
    (hash(hash('tideline', question, a, b, c)) >> 11) / 9007199254740992.0;

-- A whole number from 0 to below `limit`, and an element of a list.
create macro upto(limit_, u) as cast(floor(u * limit_) as integer);
create macro choice(list, u) as list[1 + upto(len(list), u)];

-- Time is (day, second): day d is the UTC day that ends d - 1 days before today 00:00, so day 1 is yesterday.
create macro moment(d, s) as
  cast(getvariable('today') as timestamp) - to_days(cast(d as integer)) + to_seconds(s);
create macro working_second(u) as 25200 + upto(50400, u);          -- 07:00 to 21:00

-- Two of seven days are quiet. Counted back from today, not by the calendar, so that every today looks alike.
create macro rhythm(d) as case when d % 7 in (2, 3) then 0.4 else 1.24 end;

-- The days on which something was planted. All are described in docs/demo-world.md.
create macro webinar_day() as 56;      -- "Pipeline Forecasting", the one with a known effect
create macro summit_day() as 63;       -- Harbor Summit, whose leads all cool
create macro silent_day() as 17;       -- no api_call arrived
create macro bot_day() as 40;          -- 5,000 page views by one lead

-- Made-up names, separated by white space; in the endings of companies _ stands for a space.
create macro words(text_) as string_split_regex(trim(text_, e' \n'), '\s+');
create macro company_words() as words('
  Amber Atlas Beacon Birch Blue Bright Cedar Civic Clear Cobalt Copper Coral Crest Delta Ember Evergreen Falcon
  Fern First Granite Harbor Hazel Iron Juniper Keystone Lake Lantern Linden Lumen Maple Meridian Mesa North Oak
  Onyx Orchid Pine Prairie Quartz Redwood River Sable Silver Slate Solar Stone Summit Tidal Vista Willow');
create macro company_endings() as words('
  wind works field gate bridge point line port stone leaf _Analytics _Bank _Capital _Care _Cloud _Data _Devices
  _Dynamics _Energy _Foods _Freight _Group _Health _Industries _Labs _Learning _Logistics _Media _Medical
  _Mobility _Networks _Partners _Retail _Robotics _Security _Software _Supply _Systems _Telecom _Travel');
create macro first_names() as words('
  Ada Aisha Alan Amara Ana Anton Aylin Ben Bianca Carlos Chen Chloe Clara Diego Elena Emil Erik Esther Farah
  Felix Grace Hana Hugo Ines Ivan Jana Jonas Julia Kai Kofi Lars Leila Lena Liam Lucia Mara Marco Maya Milan
  Mina Nadia Nils Noah Nora Olga Omar Paula Pedro Quinn Rania Ravi Rosa Samir Sara Sven Tara Theo Vera Yuki Zoe');
create macro last_names() as words('
  Abbott Adeyemi Almeida Andersen Baker Banerjee Bauer Becker Bell Berg Blanc Castro Chan Costa Cruz Dahl Diaz
  Doyle Duarte Eriksen Evans Fischer Flores Fontaine Garcia Gomez Gruber Haas Hansen Hayes Hoffman Huang Ito
  Jansen Kaur Keller Khan Kim Kovacs Larsen Lee Lindqvist Lopez Marin Mensah Meyer Moreau Murphy Nakamura Novak
  Nowak Okafor Olsen Ortiz Park Patel Pereira Quist Ramos Reyes Rossi Sato Schmidt Sharma Silva Singh Tanaka
  Torres Vargas Vogel Walsh Weber Wolf Wong Yilmaz Young Zhang Zeman Zhou Zuniga');
