import { z } from 'zod'
import {
  durationSeconds,
  isZone,
  longestFade,
  readDuration,
  readFade,
  readInstant,
  zoneName,
} from '../../compiler/index.ts'

// What the files of a project may say. The JSON Schemas that editors read are made from these, descriptions and
// examples included. What a shape says is wrong with a value stands behind the value itself: `… is not a share.`

export const seconds = (text: string): number => {
  const duration = readDuration(text)
  return duration ? durationSeconds(duration) : Number.NaN
}

export const settingsShape = z.strictObject({
  timezone: z
    .string()
    .refine(isZone, 'is not a time zone this machine knows')
    .meta({ examples: ['Europe/Berlin'] })
    .transform(zoneName)
    .default('UTC')
    .describe('The time zone in which days, months and years begin, such as Europe/Berlin.'),
  slots: z
    .string()
    .meta({ examples: ['0 * * * *'] })
    .default('0 * * * *')
    .describe('When scheduled runs happen: a cron pattern, in UTC; five fields, or six with seconds.'),
  catch_up: z
    .string()
    .refine((text) => Number.isFinite(seconds(text)), 'is not a duration of a fixed length')
    .meta({ examples: ['7 days'] })
    .default('7 days')
    .describe('How far back missed slots are made up for.'),
  retention: z
    .strictObject({
      score_history: z
        .string()
        .refine((text) => Number.isFinite(seconds(text)), 'is not a duration of a fixed length')
        .meta({ examples: ['730 days'] })
        .optional()
        .describe(
          'How long the course of scores is kept; for good, if left out. The day of the maximum stays.',
        ),
    })
    .default({})
    .describe('How long what runs recorded is kept.'),
  guard: z
    .union([
      z.literal('none'),
      z.strictObject({
        max_change: z
          .string()
          .regex(/^\d{1,3}(\.\d{1,4})?%$/, 'is not a share')
          .meta({ examples: ['30%'] })
          .default('30%')
          .describe('The share of its members that may come and go in one run.'),
        at_least: z.int().min(1).default(1000).describe('Fewer leads than this may always come and go.'),
      }),
    ])
    .default({ max_change: '30%', at_least: 1000 })
    .describe('How much of a segment a run may change before somebody has to approve it; none: everything.'),
  lake: z
    .string()
    .min(1)
    .default('.tideline/lake')
    .describe('The folder of the lake, a copy of the events that full runs read; none: they read Postgres.'),
  memory: z
    .string()
    .regex(/^[1-9]\d*(MB|GB)$/, 'is not an amount of memory')
    .meta({ examples: ['500MB', '2GB'] })
    .default('1GB')
    .describe('How much memory DuckDB may take in a full run; beyond that it goes to disk.'),
  lake_from: z
    .int()
    .min(0)
    .default(250_000)
    .describe('With fewer events full runs read Postgres, which is as fast then.'),
  database: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A Postgres connection string. DATABASE_URL goes before it; without either, one is kept in .tideline/.',
    ),
  schema: z
    .string()
    .regex(/^[a-z_][a-z0-9_]*$/, 'is not a plain lower-case name')
    .max(40)
    .meta({ examples: ['tideline'] })
    .default('tideline')
    .describe('The schema in the database that holds everything.'),
})

export const keyPattern = /^[a-z0-9][a-z0-9_-]*$/

export const segmentShape = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('What it is called where people read it; the key if left out.'),
  owner: z.string().max(200).optional().describe('Who answers for it.'),
  action: z.string().max(2000).optional().describe('What is done with its members.'),
  review: z.string().max(200).optional().describe('How often somebody looks whether it is still right.'),
  status: z
    .enum(['draft', 'active', 'paused'])
    .default('active')
    .describe('Only active segments are evaluated; a paused one keeps its members as they were.'),
  renamed_from: z
    .string()
    .regex(keyPattern, 'can not have been the key of a segment')
    .optional()
    .describe('The key it had before: its members and its history stay with it.'),
  where: z
    .unknown()
    .refine((where) => where !== undefined && where !== null, 'says which leads are meant')
    .meta({ examples: ['did page_view within 7 days', { kind: 'did', event: 'page_view' }] })
    .describe('Which leads are meant: the text form, or the JSON form.'),
})

export const eventShape = z.strictObject({
  channel: z.string().min(1).optional().describe('Where it happens: web, email, product, …'),
  activity: z
    .boolean()
    .default(true)
    .describe('False for what is done to a lead, or by a machine: "last activity" does not look at it.'),
  conversion: z.boolean().default(false).describe('Whether it is a conversion.'),
})

const eventsExample = 'page_view where seconds > 30'

/** Also what a rule gives points for. */
export const aliasShape = z
  .string()
  .min(1)
  .meta({ examples: [eventsExample] })
  .describe('Events as they stand behind `did`: page_view where page = "/pricing".')

const decimal = z
  .number()
  .refine((n) => Math.abs(n) <= 1e9, 'is further from 0 than 1,000,000,000, which is the limit')
  .refine((n) => Math.abs(n) > 1e9 || /^-?\d+(\.\d{1,6})?$/.test(String(n)), 'has more than six places')
  .transform(String)

const date = z
  .string()
  .refine((text) => readInstant(text, 'UTC') !== undefined, 'is neither a day nor an instant')
  .meta({ examples: ['2026-01-31', '2026-01-31 14:00'] })
const cap = decimal.refine((n) => !n.startsWith('-') && Number(n) > 0, 'caps nothing: a cap is more than 0')

const isLasting = (text: string): boolean => {
  const fade = readFade(text)
  return typeof fade !== 'object' || (fade.days >= 1 && fade.days <= longestFade)
}
const fade = z
  .string()
  .refine((text) => readFade(text) !== undefined, 'is no way to fade in whole days')
  .refine(isLasting, `is not between 1 and ${longestFade} days`)
  .meta({
    examples: ['half-life 30 days', 'expires after 90 days', 'linear over 60 days', 'none'],
  })

const eventRuleShape = z
  .strictObject({
    events: aliasShape,
    points: decimal.describe('For each of them; below 0 they are taken away.'),
    cap_per_day: cap.optional().describe('The most points that one day (UTC) gives, or takes away.'),
    cap_per_lead: cap.optional().describe('The most points that all days together give, or take away.'),
    from: date.optional().describe('Events before this day or instant do not count.'),
    until: date.optional().describe('Events from this day or instant on do not count.'),
    fade: fade
      .optional()
      .describe(
        'How points grow less with age: half-life 30 days, expires after 90 days, linear over 60 days.',
      ),
  })
  .meta({ examples: [{ events: eventsExample, points: 5 }] })
const fitRuleShape = z
  .strictObject({
    where: z
      .string()
      .min(1)
      .meta({ examples: ['company_size > 500'] })
      .describe('A condition on attributes of the lead or its account.'),
    points: decimal.describe('For leads that it holds for.'),
  })
  .meta({ examples: [{ where: 'company_size > 500', points: 5 }] })
export type RuleShape = z.infer<typeof eventRuleShape> | z.infer<typeof fitRuleShape>

export const scoreShape = z.strictObject({
  points: z
    .record(z.string().min(1), decimal)
    .default({})
    .describe('Event type: points, summed over a life. The short form of a rule.'),
  rules: z
    .array(z.union([eventRuleShape, fitRuleShape]))
    .default([])
    .describe('Rules that say more.'),
  of_leads: z
    .string()
    .regex(/^(sum|max|mean) of \S.*$/, 'does not say what is made of which score')
    .meta({ examples: ['sum of engagement', 'max of engagement', 'mean of engagement'] })
    .optional()
    .describe('A score of the account: what a score of its leads comes to. sum, max or mean of NAME.'),
  levels: z
    .record(z.string().min(1), decimal)
    .default({})
    .describe('Level: its lower bound. In rising order; what is below the first has the first.'),
})

const constant = z.union([z.string(), z.number(), z.boolean()]).transform(String)

export const mappingShape = z.strictObject({
  map: z
    .record(z.string(), z.string())
    .default({})
    .describe('What a column is called here: lead_id: mql_id.'),
  set: z.record(z.string(), constant).default({}).describe('A value for all rows: type: ad_click.'),
  date_format: z
    .union([z.string(), z.record(z.string(), z.string())])
    .optional()
    .describe('MDY, DMY, YMD or a pattern such as %d.%m.%y: for all columns, or for each.'),
})

export const eventsFile = z.strictObject({
  events: z
    .record(z.string().min(1), eventShape.nullable())
    .nullish()
    .describe('What there is to know about event types.'),
  aliases: z
    .record(z.string().min(1), aliasShape)
    .nullish()
    .describe('Names that stand for events with a filter, wherever an event is named.'),
})
export const scoringFile = z.strictObject({
  scores: z
    .record(z.string().min(1), scoreShape.nullable())
    .nullish()
    .describe('Points for what a lead does, by the name of the score.'),
})
export const importsFile = z.strictObject({
  mappings: z
    .record(z.string(), mappingShape)
    .default({})
    .describe('What `import --mapping NAME` takes, by name.'),
})
