import type { Instant } from '../../compiler/index.ts'
import { type LeadAt, leadAt } from '../../pipeline/asof.ts'
import type { Database } from '../../pipeline/engine.ts'
import { UserError } from '../../pipeline/errors.ts'
import { findLead } from '../../pipeline/lead.ts'
import { findSegment, type SegmentKey } from '../../pipeline/reads.ts'
import { readSeen } from '../../pipeline/seen.ts'
import { type Broken, type Explanation, explainLead, type Why } from '../../pipeline/why.ts'
import { command, type Start } from '../command.ts'
import type { Paint } from '../paint.ts'
import { instant, plural, printable, wrap, zoned } from '../values.ts'
import { partLines } from '../why.ts'

type Options = { asOf?: string; all?: boolean }

export const why = (start: Start) =>
  command('why', {
    summary: 'why a lead is in a segment, or is not',
    description:
      'Takes the definition apart and says of each condition whether it holds for the lead, and what it saw; now, or as of any instant. Without a KEY: the segments the lead is in, then those it misses by one condition while it meets another, those of which it meets most first. It is the same statement as a run, asked about one lead: the current definition, evaluated on what is known now. Where a run recorded it otherwise, that is said too; what runs recorded of the past, `history` tells.',
    examples: [
      ['tideline why L-10442 stalled-trials', 'one segment'],
      ['tideline why L-10442', 'all it is in, and the near misses'],
      ['tideline why L-10442 hot-leads --as-of 2026-11-01', 'as it was then'],
    ],
  })
    .argument('<LEAD>', 'id of the lead')
    .argument('[KEY]', 'key of the segment')
    .option('--as-of <T>', 'as of when; by default now')
    .option('--all', 'without a KEY: every active segment, however far away')
    .action(
      start(async (cli, lead: string, key: string | undefined, options: Options) => {
        const { database, project } = await cli.open()
        const { timezone } = project.settings
        const segment = key === undefined ? undefined : await findSegment(database, key)
        const seen = await readSeen(database)
        const asOf = options.asOf ? cli.instant(options.asOf, '--as-of', timezone) : seen.now
        const { id, firstKnown } = await findLead(database, lead, asOf)
        const { horizon } = seen
        const segments = key === undefined ? undefined : [key]
        const explanation = await explainLead(database, { id, asOf, horizon, segments, firstKnown })
        if (segment && explanation.broken[0]) throw cantBeTold(explanation.broken[0])
        const shown = shownOf(explanation, { key, all: options.all })
        const otherwise = await recordedOtherwise(database, { id, asOf, shown })
        const rows = shown.map((each) => ({
          ...each,
          lead_id: lead,
          as_of: asOf,
          recorded_otherwise: otherwise.get(each.segment) ?? null,
        }))
        const about = { lead, zone: timezone, otherwise, segment, paint: cli.paint }
        await cli.print({
          columns: [
            { name: 'lead_id' },
            { name: 'segment' },
            { name: 'holds', kind: 'boolean' },
            { name: 'short', kind: 'count' },
            { name: 'sentence' },
            { name: 'as_of', kind: 'instant' },
            { name: 'status' },
          ],
          rows,
          document: key === undefined ? rows : rows[0],
          lines: [
            ...whyLines(shown, about),
            ...(key === undefined ? leftOut(explanation, shown, options) : []),
            '',
            cli.paint.dim(`as of ${zoned(asOf, timezone)}${options.asOf ? evaluatedNow : ''}`),
          ],
        })
      }),
    )

/** A past instant is asked by the present definition. */
const evaluatedNow = ', evaluated by the current definition on what is known now'

const isNear = ({ holds, short, met }: Why): boolean => !holds && short === 1 && met > 0

const shownOf = (
  { segments }: Explanation,
  { key, all }: { key?: string | undefined; all?: boolean | undefined },
) => segments.filter((each) => key !== undefined || all || each.holds || isNear(each))

function leftOut({ segments, broken }: Explanation, shown: readonly Why[], { all }: Options): string[] {
  const further = segments.length - shown.length
  const hint =
    all || further === 0 ? [] : [`${plural(further, 'segment')} further away; --all shows every one.`]
  const wrong = broken.map(({ segment, message }) => `${segment} is broken: ${message}`)
  return hint.length + wrong.length > 0 ? ['', ...hint, ...wrong] : []
}

function cantBeTold({ segment, status, code, message, hint }: Broken): UserError {
  return new UserError({
    code,
    message: `"${segment}" is ${status === 'active' ? '' : `${status}, and `}broken: ${message}`,
    ...(hint ? { hint } : {}),
  })
}

type Otherwise = { readonly holds: boolean; readonly run_id: string; readonly run_as_of: Instant }

/** What runs recorded, where that is not what is evaluated. */
async function recordedOtherwise(
  database: Database,
  { id, asOf, shown }: { id: string; asOf: Instant; shown: readonly Why[] },
): Promise<ReadonlyMap<string, Otherwise>> {
  const keys = shown.map(({ segment }) => segment)
  const recorded = new Map((await leadAt(database, id, { asOf, keys })).map((each) => [each.segment, each]))
  return new Map(shown.flatMap((each) => differing(each, recorded.get(each.segment))))
}

function differing({ segment, holds }: Why, recorded: LeadAt | undefined): [string, Otherwise][] {
  if (!recorded || recorded.isIn === null || recorded.isIn === holds) return []
  if (recorded.source.kind !== 'recorded') return []
  const { run_id, run_as_of } = recorded.source
  return [[segment, { holds: recorded.isIn, run_id, run_as_of }]]
}

type About = {
  readonly lead: string
  readonly zone: string
  readonly otherwise: ReadonlyMap<string, Otherwise>
  /** The one that was asked for. */
  readonly segment: SegmentKey | undefined
  readonly paint: Paint
}

function whyLines(shown: readonly Why[], about: About): string[] {
  if (shown.length === 0) return ['It is in no segment, and near none.']
  return shown.flatMap((each, index) => [...(index > 0 ? [''] : []), ...oneSegment(each, about)])
}

function oneSegment(each: Why, about: About): string[] {
  const { part, zone, sentence } = each
  return [
    headOf(each, about),
    ...notesOf(each, about),
    '',
    ...partLines(part, { zone, paint: about.paint }),
    ...(sentence ? ['', ...wrap(`In a sentence: ${printable(sentence)}.`, 98)] : []),
  ]
}

function headOf({ segment, status, holds, short, zone }: Why, about: About): string {
  const { lead, paint } = about
  const near = !holds && short === 1 ? ', by one condition' : ''
  const clock = zone === about.zone ? '' : ` (times in ${zone})`
  const named = `${printable(lead)} ${status === 'active' ? (holds ? 'is' : 'is not') : holds ? 'would be' : 'would not be'} in ${paint.bold(segment)}`
  if (status === 'active') return `${named}${near}${clock}`
  return `${named}${near}${clock}; it is ${status === 'draft' ? 'a draft' : status}, and no run evaluates it`
}

/** What else there is to know before one believes it. */
function notesOf({ segment }: Why, { otherwise, segment: asked, zone }: About): string[] {
  const found = otherwise.get(segment)
  const state = asked?.state ?? 'ok'
  return [
    ...(state === 'ok' ? [] : [`It is ${states[state]}, and keeps its last members: ${asked?.error ?? ''}`]),
    ...(found
      ? [
          `Recorded otherwise: ${found.holds ? 'in' : 'not in'} it, by run ${found.run_id} as of ${instant(found.run_as_of, { zone })}.`,
        ]
      : []),
  ].flatMap((line) => wrap(line, 98))
}

const states = { broken: 'broken', blocked: 'blocked', needs_approval: 'parked' } as const
