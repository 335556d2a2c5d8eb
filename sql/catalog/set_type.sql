-- Gives a name another type. $1 text: lead, account or event. $2 text: event type, or ''. $3 text: name. $4 text: type.
update catalog set type = $4::text where subject = $1::text and event_type = $2::text and name = $3::text
