/** Which reference page a condition stands on. Every condition stands on one; `dates` shares its condition with `attributes`. */
export type Family = {
  readonly page: string
  readonly title: string
  readonly about: string
  readonly kinds: readonly string[]
  /** Of a condition's examples only those that look at instants, or only the others. */
  readonly instants?: boolean
  /** Whether a table of all periods stands at its end. */
  readonly periods?: true
}

export const families: readonly Family[] = [
  {
    page: 'attributes',
    title: 'Attributes',
    about:
      'What is known of a lead, or behind `account.` of its account. A dot leads into nested values; `any of`, `none of`, `all of` and `size of` say how a list is looked at.',
    kinds: ['attribute'],
    instants: false,
  },
  {
    page: 'dates',
    title: 'Dates',
    about:
      'Attributes that are instants are compared with days and instants, or with a period. A day is a whole day of the time zone that tideline.yaml names, and so are today, this week, last month. The same periods stand behind events.',
    kinds: ['attribute'],
    instants: true,
    periods: true,
  },
  {
    page: 'attribute-history',
    title: 'Attributes over time',
    about:
      'Since when an attribute has been what it is, and when it changed. Of the account: of the one that the lead belongs to now.',
    kinds: ['attribute_been', 'attribute_changed'],
  },
  {
    page: 'events',
    title: 'Events',
    about:
      'What a lead did, and what was done to it. Events are named by a type, by an alias of events.yaml, by the beginning of types (`email_*`), by several types, or as `any event`; `where` looks at the properties of one event.',
    kinds: ['did', 'last_activity', 'first_seen'],
  },
  {
    page: 'event-values',
    title: 'Event values',
    about:
      'Figures over the properties of events: sums, means, the least and the greatest, how many different ones.',
    kinds: ['event_value', 'active_days'],
  },
  {
    page: 'rhythm',
    title: 'Rhythm',
    about: 'The first time, the last time, who stopped, who came back, who does something regularly.',
    kinds: ['occurrence', 'stopped', 'restarted', 'regularly'],
  },
  {
    page: 'order',
    title: 'Order',
    about: 'One event after another; and one that is not followed by another.',
    kinds: ['sequence'],
  },
  {
    page: 'accounts',
    title: 'Accounts',
    about: 'What the leads of an account do between them. Its own values are attributes: `account.plan`.',
    kinds: ['account_did', 'leads_of_account'],
  },
  {
    page: 'conversions',
    title: 'Conversions',
    about: 'Events of the types that events.yaml marks with `conversion: true`.',
    kinds: ['converted'],
  },
  {
    page: 'segments-and-scores',
    title: 'Segments and scores',
    about: 'What is defined elsewhere: other segments, and the scores of scoring.yaml.',
    kinds: [
      ...['in_segment', 'was_in_segment', 'segment_change'],
      ...['score', 'score_max', 'score_change', 'level', 'level_entered'],
    ],
  },
  {
    page: 'everyone',
    title: 'Everyone, and shares of everyone',
    about:
      'A segment without a condition is an error; `everyone` says that all leads are meant, and `bucket` draws some.',
    kinds: ['everyone', 'bucket'],
  },
]
