/** What `tideline init` writes: enough to run, and comments that say what else there is. */
export const starter: Readonly<Record<string, string>> = {
  'tideline.yaml': `# A Tideline project. Everything here has a default; all of it may stay commented out.

# Days, months and years in definitions, and instants without an offset, are meant in this time zone.
# timezone: Europe/Berlin

# When the worker brings segments up to date: minute, hour, day of month, month, weekday, in UTC.
# slots: "0 * * * *"

# How far back missed slots are made up.
# catch_up: 7 days

# A run that would change more of a segment waits until somebody approves; docs/guard.md says which changes count.
# guard: { max_change: 30%, at_least: 1000 }

# How long the course of scores is kept; for good, if nothing is said. The day of each lead's maximum stays.
# retention:
#   score_history: 730 days

# Your own Postgres (17 or newer); DATABASE_URL goes before it. Without either, one is kept in .tideline/.
# database: postgres://user@host:5432/name

# The schema in which everything lies.
# schema: tideline
`,
  'segments/example.yaml': `# One entry per segment; any number of files. \`tideline check\` says whether they are understood.
recent-activity:
  name: Recent Activity
  where: last activity within 7 days

new-leads:
  name: New Leads
  where: first seen within 30 days

# Attributes and events by the names they were imported under (\`tideline catalog\` lists them):
#
# stalled-trials:
#   name: Stalled Trials
#   owner: growth
#   action: Send activation tips
#   review: monthly
#   where: |
#     did trial_signup
#     and last activity more than 14 days ago
#     and not did api_call
`,
  'scoring.yaml': `# Points for what a lead does, summed over its life. Types that are not named give none.
# scores:
#   engagement:
#     points:            # event type: points
#       page_view: 1
#       trial_signup: 20
#     # Lower bounds, in order.
#     levels: { cold: 0, warm: 25, hot: 50 }
`,
  'events.yaml': `# What there is to know about event types. A type that is not named counts as activity and has no channel.
# events:
#   page_view: { channel: web }
#   email_sent: { channel: email, activity: false }   # done to a lead: "last activity" doesn't look at it
#   conversion: { conversion: true }
#
# Names that stand for events with a filter, wherever an event is named: \`did viewed_pricing\`.
# aliases:
#   viewed_pricing: page_view where page = "/pricing"
#
# Once something was imported, \`tideline init\` proposes what could stand here, as long as this file is untouched.
`,
  '.gitignore': `.tideline/
`,
}
