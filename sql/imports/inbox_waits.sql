-- Whether anything waits in the inboxes: accounts, leads, events, each a boolean.
select exists (select from inbox_accounts) as accounts, exists (select from inbox_leads) as leads,
  exists (select from inbox_events) as events
