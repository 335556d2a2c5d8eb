import { type Instant, resolve } from '../../compiler/index.ts'
import { type LeadAt, leadAt } from '../../pipeline/asof.ts'
import { readCatalog } from '../../pipeline/catalog.ts'
import type { Installation } from '../../pipeline/installation.ts'
import { assumedOf, findLead, readLeadChanges, readLeadEvents } from '../../pipeline/lead.ts'
import { readSeen } from '../../pipeline/seen.ts'
import { type Explanation, explainLead } from '../../pipeline/why.ts'
import type { Cli } from '../cli.ts'
import { command, type Start } from '../command.ts'
import { type OnScreen, type SegmentRow, screen } from '../lead.ts'
import { evaluateAlone, refuseFuture, sourceColumns, sourceFields } from '../source.ts'
import { exact } from '../values.ts'

type Options = { asOf?: string; evaluate?: boolean }

export const lead = (start: Start) =>
  command('lead', {
    summary: 'one lead on one screen',
    description:
      'Its attributes and account, scores and levels, the segments it is in with since and until (when it leaves if nothing happens), its last events, and what changed in the last 30 days. Now, segments are evaluated by the current definitions. With --as-of: those it was in then, as the runs recorded it, and which run it was; where no run had looked at a segment by then, or with --evaluate, its current version is evaluated at that instant on what is known now, and the answer says so. Scores, and until when, are those of the instant by the current definitions; since when it is in, and what changed, is as runs recorded it.',
    examples: [
      ['tideline lead L-10442', 'now'],
      ['tideline lead L-10442 --as-of 2026-11-01', 'attributes, segments and events as they were then'],
      ['tideline lead L-10442 --as-of 2026-11-01 --evaluate', 'by the definitions and the events of today'],
    ],
  })
    .argument('<LEAD>', 'id of the lead')
    .option('--as-of <T>', 'as of when; by default now')
    .option('--evaluate', 'with --as-of: evaluate the current definitions, whatever is recorded')
    .action(
      start(async (cli, id: string, options: Options) => {
        if (options.evaluate && options.asOf === undefined) throw evaluateAlone()
        const shown = await readScreen(cli, await cli.open(), id, options)
        const { asOf, explanation, segments, events, changes } = shown
        const { id: _, firstKnown: __, ...found } = shown.found
        const { scores } = explanation
        const assumed = assumedOf(shown.found, asOf)
        await cli.print({
          columns: [
            { name: 'segment' },
            { name: 'since', kind: 'instant' },
            { name: 'ending' },
            { name: 'until', kind: 'instant' },
            { name: 'not_before', kind: 'instant' },
            { name: 'because' },
            ...sourceColumns,
          ],
          rows: segments,
          document: {
            ...{ ...found, assumed, as_of: asOf, segments, events, changes },
            scores: scores.map((each) => ({ ...each, value: exact(each.value) })),
          },
          lines: screen(shown, cli.paint),
        })
      }),
    )

async function readScreen(
  cli: Cli,
  { database, project }: Installation,
  externalId: string,
  options: Options,
): Promise<OnScreen> {
  const { now, horizon } = await readSeen(database)
  const { timezone: zone } = project.settings
  const past = options.asOf !== undefined
  const asOf = past ? cli.instant(options.asOf ?? '', '--as-of', zone) : now
  if (past) refuseFuture(asOf, now, options)
  const found = await findLead(database, externalId, asOf)
  const { id, firstKnown } = found
  const all = await leadAt(database, id, { asOf, evaluate: !past || options.evaluate })
  // What is no longer active may have been then; a draft never was.
  const standing = all.filter(({ status }) => status === 'active' || (past && status !== 'draft'))
  const keys = standing.map(({ segment }) => segment)
  const explanation = await explainLead(database, {
    ...{ id, asOf, horizon, segments: keys, ahead: true, firstKnown },
  })
  const { events: types, leads, accounts } = await readCatalog(database, [])
  return {
    ...{
      found,
      asOf,
      zone,
      past,
      explanation,
      standing,
      types,
      attributes: { lead: leads, account: accounts },
    },
    segments: standing.flatMap((each) => segmentRow(each, explanation, past)),
    events: await readLeadEvents(database, id, asOf, 20),
    changes: await readLeadChanges(database, id, monthBefore(asOf), asOf),
  }
}

const monthBefore = (asOf: Instant): Instant =>
  resolve({ kind: 'ago', duration: { amount: 30 * 86_400, unit: 'second' } }, asOf)

/** None if it isn't in. */
function segmentRow(at: LeadAt, { asOf, segments, endings }: Explanation, past: boolean): SegmentRow[] {
  const { segment, isIn, source } = at
  const why = segments.find((each) => each.segment === segment)
  if (!(isIn ?? why?.holds)) return []
  const ending = endings.get(segment) ?? { kind: 'untold', because: why ? recordedOnly : brokenNow }
  const row = {
    segment,
    // When an evaluation would have let it in, nobody knows.
    since: past && source.kind === 'evaluated' ? null : at.since,
    ending: ending.kind,
    until: ending.kind === 'at' ? ending.at : null,
    not_before: ending.kind === 'beyond' ? ending.at : null,
    because: ending.kind === 'untold' ? ending.because : null,
    why: why?.holds ? why.sentence : null,
  }
  return [{ ...row, ...sourceFields(source, asOf) }]
}

const recordedOnly = 'by what is known now, it was not in'
const brokenNow = 'the current definition is broken'
