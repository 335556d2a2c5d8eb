import { z } from 'zod'
import { type Context, condition } from '../condition.ts'
import { duration } from '../definition.ts'
import {
  lowerDuring,
  lowerEvents,
  nameWhich,
  printEvent,
  printWhich,
  sayWhich,
  type Which,
  which,
} from '../events.ts'
import { nobody, type Predicate, type SequenceFeature, test } from '../ir.ts'
import { period, printPeriod, sayPeriod } from '../period.ts'
import { type Seen, sayAgo, sayMinute } from '../phrase.ts'
import { type Duration, durationSeconds, type Instant, printDuration, toInstant } from '../time.ts'

const mostSteps = 8

const shape = z
  .strictObject({
    kind: z.literal('sequence'),
    /** The first step may lie in a period; each other one within a time after the step before. */
    steps: z
      .array(z.strictObject({ ...which, when: period.optional(), within: duration.optional() }))
      .min(1)
      .max(mostSteps),
    /** From the first step to the last. */
    within: duration.optional(),
    without: z.strictObject({ ...which, within: duration }).optional(),
  })
  .refine(
    ({ steps }) => !steps[0]?.within,
    'no step comes before the first, so it has `when` and no `within`',
  )
  .refine(({ steps }) => !steps.slice(1).some(({ when }) => when), 'only the first step has `when`')
  .refine(({ steps, without }) => steps.length > 1 || without, 'a single step is `did`')
  .refine(({ steps, within }) => steps.length > 1 || !within, 'a single step takes no time')
type Sequence = z.infer<typeof shape>

export const sequence = condition<Sequence>({
  kind: 'sequence',
  meaning:
    'The lead did one event and then others, each strictly later than the one before; and, after `but not`, none of some event within a time after the last, which is over. Times between events are of a fixed length, from seconds to weeks.',
  missing: 'A lead without an event for every step did not do them one after the other.',
  shape,
  syntax: `
sequence
  = ('did' end _ / &sequence_bare) first:sequence_first steps:(_ 'then' end _ @sequence_step)*
    within:(_ @within _ 'overall' end)? without:(_ @sequence_without)? &{ return steps.length > 0 || without }
    {
      return node({
        kind: 'sequence', steps: [first, ...steps], ...(within ? { within } : {}), ...(without ? { without } : {}),
      })
    }
sequence_bare
  = (&manyEvents / !did_taken) sequence_first _ ('then' / 'but') end
sequence_first
  = said:which when:(_ @period)? { return node({ ...said, ...(when ? { when } : {}) }) }
sequence_step
  = ('did' end _)? said:which within:(_ @within !(_ 'overall' end))?
    { return node({ ...said, ...(within ? { within } : {}) }) }
sequence_without
  = 'but' end _ NOT _ ('did' end _)? said:which _ within:within _ 'after' end { return node({ ...said, within }) }
`,
  print(node) {
    const steps = node.steps.map((step) =>
      [
        `did ${printWhich(step)}`,
        step.when && printPeriod(step.when),
        step.within && printWithin(step.within),
      ]
        .filter(Boolean)
        .join(' '),
    )
    const overall = node.within ? ` ${printWithin(node.within)} overall` : ''
    const { without } = node
    const end = without ? ` but not did ${printWhich(without)} ${printWithin(without.within)} after` : ''
    return `${steps.join(' then ')}${overall}${end}`
  },
  lower: lowerSequence,
  say(node) {
    const steps = node.steps.map((step) =>
      [sayWhich(step), step.when && sayPeriod(step.when), step.within && printWithin(step.within)]
        .filter(Boolean)
        .join(' '),
    )
    const overall = node.within ? `, all ${printWithin(node.within)}` : ''
    const { without } = node
    const end = without
      ? `, but no ${sayWhich(without).replace(/^any /, '')} ${printWithin(without.within)} after`
      : ''
    return `did ${steps.join(', then ')}${overall}${end}`
  },
  tell: (node, seen) =>
    course(node, seen, { name: nameWhich, at: (instant) => sayAgo(instant, seen) }).join(' then '),
  show: (node, seen) => {
    const at = (instant: Instant) => sayMinute(instant, seen.zone) ?? instant
    const name = ({ event }: Which) => (typeof event === 'string' ? printEvent(event) : nameWhich({ event }))
    const [first, ...more] = course(node, seen, { name, at })
    return [first!, ...more.map((each) => `then ${each}`)]
  },
  examples: [
    'did page_view then did demo_request',
    'did page_view where page = "/pricing" then did demo_request within 7 days',
    'did email_open then did email_click within 1 hour then did page_view within 2 days',
    'did email_open then did email_click then did page_view within 30 days overall',
    'did page_view within 30 days then did page_view within 7 days',
    'did page_view where seconds > 10 between 60 and 10 days ago then did demo_request',
    'did any event then did purchase where amount >= 10 within 2 weeks',
    'did email_* then did any of (page_view, demo_request) within 1 day',
    'any_mail then viewed_pricing within 7 days',
    'did trial_signup but not did demo_request within 7 days after',
    'did trial_signup since "2026-01-01" but not did any event within 1 day after',
    'did email_open then did email_click but not did page_view where page = "/pricing" within 12 hours after',
    'did email_open then did page_view within 14 days overall but not did purchase within 7 days after',
    'did page_view then did page_view then did page_view then did page_view',
  ],
})

const printWithin = (duration: Duration): string => `within ${printDuration(duration)}`

type Words = { name(which: Which): string; at(instant: Instant): string }

/** Step by step as far as the lead came, and then what did not follow, or should not have. */
function course(node: Sequence, seen: Seen, { name, at }: Words): string[] {
  const [feature] = seen.features
  const came = feature?.kind === 'sequence' ? seen.steps(feature) : []
  const { steps, within, without } = node
  const done = steps.slice(0, came.length).map((step, index) => `${name(step)} ${at(came[index]!)}`)
  const last = came.at(-1)
  const missing = (which: Which, length: Duration | undefined, from = last) =>
    `no ${name(which)}${length && from ? (endOf(from, length) <= nanoseconds(seen.asOf) ? ` ${printWithin(length)}` : ' yet') : ''}`
  const next = steps[came.length]
  if (next) {
    const when = 'when' in next && next.when && came.length === 0 ? ` ${sayPeriod(next.when)}` : ''
    return [...done, `${within ? missing(next, within, came[0]) : missing(next, next.within)}${when}`]
  }
  if (within && endOf(came[0]!, within) < nanoseconds(came[steps.length - 1]!))
    return [...done.slice(0, -1), `${done.at(-1)} but not ${printWithin(within)}`]
  if (!without) return done
  const followed = came[steps.length]
  return [...done, followed ? `${name(without)} ${at(followed)}` : missing(without, without.within)]
}

const endOf = (from: Instant, length: Duration): bigint =>
  toInstant(from)!.add({ seconds: durationSeconds(length) }).epochNanoseconds
const nanoseconds = (instant: Instant): bigint => toInstant(instant)!.epochNanoseconds

function lowerSequence(node: Sequence, context: Context): Predicate {
  reportShape(node, context)
  const seconds = (at: object, duration: Duration) => secondsOf(at, duration, context)
  const [first, ...later] = node.steps
  const { within, without } = node
  const sequence: SequenceFeature = {
    kind: 'sequence',
    steps: [
      { events: first ? lowerDuring(first, first, context) : { types: { only: [] }, where: nobody } },
      ...later.map((step) => ({
        events: lowerEvents(step, step, context),
        ...(step.within ? { within: seconds(step, step.within) } : {}),
      })),
    ],
    ...(within ? { within: seconds(node, within) } : {}),
    ...(without
      ? {
          without: {
            events: lowerEvents(without, without, context),
            within: seconds(without, without.within),
          },
        }
      : {}),
  }
  return test(sequence, { op: '=', to: { type: 'boolean', value: true } })
}

function reportShape(node: Sequence, context: Context): void {
  const { steps, within } = node
  if (steps.length > mostSteps) {
    context.report(node, 'TOO_LARGE', `There are ${steps.length} steps; ${mostSteps} are allowed.`)
  }
  if (within && steps.some((step) => step.within)) {
    context.report(node, 'BAD_SEQUENCE', 'There is a time for a step and one overall.', {
      hint: 'Give each step its time, or all of them one.',
    })
  }
}

function secondsOf(node: object, duration: Duration, context: Context): number {
  const seconds = durationSeconds(duration)
  if (Number.isFinite(seconds)) return seconds
  const message = `${printDuration(duration)} is not of a fixed length, as the time between two events has to be.`
  const days = (perUnit[duration.unit] ?? 1) * duration.amount
  context.report(node, 'BAD_DURATION', message, { hint: `Write it in days or weeks: within ${days} days.` })
  return 0
}

/** What is meant by those who count in days. */
const perUnit: Partial<Record<Duration['unit'], number>> = { month: 30, quarter: 91, year: 365 }
