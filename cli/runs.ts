import { hostname, userInfo } from 'node:os'
import type { Instant } from '../compiler/index.ts'
import type { Results } from '../jobs/kinds.ts'
import type { Installation } from '../pipeline/installation.ts'
import { lakeIn } from '../pipeline/lake/lake.ts'
import { holderOf, span } from '../pipeline/problems.ts'
import { readUnseen, type Unseen, untilSeen } from '../pipeline/runs/horizon.ts'
import { type RunOptions, type RunResult, run } from '../pipeline/runs/run.ts'
import type { Cli } from './cli.ts'
import { mended } from './lake.ts'
import type { Answer } from './output.ts'
import type { Column } from './table.ts'
import { instant, plural, seconds, thousands } from './values.ts'

/** Who runs, for whoever has to wait for it. */
export const owner = (): string => `${hostname()}, process ${process.pid}`

/** Who defines: kept with each version. A process may run as nobody that the machine knows by name. */
export function author(): string {
  try {
    return `${userInfo().username}@${hostname()}`
  } catch {
    return hostname()
  }
}

/** The one run there is, as every command starts it. */
export async function runNow(cli: Cli, installation: Installation, asked: Asked = {}): Promise<Ran> {
  const { database } = installation
  // Whoever imports, or puts a lead in by hand, and then runs, expects to see it.
  const held = await untilSeen(database)
  const result = await run(database, { ...runOptions(cli, installation, asked), signal: cli.stopSignal() })
  const done = held && result.status === 'done' ? result.runId : null
  return { ...result, unseen: held && done !== null ? await readUnseen(database, done, held) : undefined }
}

/** Narrow enough for a terminal. */
export const quarantineQuery = (importId: string): string =>
  `tideline query "select row_number, reason, content from quarantine where import_id = ${importId}"`

/** `unseen`: what had arrived, and will come with a later run. */
type Ran = RunResult & { readonly unseen?: Unseen | undefined }

type Asked = { asOf?: Instant | undefined; rollUp?: boolean; full?: boolean }

export function runOptions(cli: Cli, { project, temporary }: Installation, options: Asked): RunOptions {
  const onStep = failpoint(cli.io.config.failpoint)
  return {
    asOf: options.asOf,
    owner: owner(),
    timezone: project.settings.timezone,
    scoreHistoryDays: project.settings.scoreHistoryDays,
    temporary,
    guard: project.settings.guard,
    lake: lakeIn(project.settings.lake),
    lakeFrom: project.settings.lakeFrom,
    memory: project.settings.memory,
    ...(options.full ? { full: true } : {}),
    ...(options.rollUp === undefined ? {} : { rollUp: options.rollUp }),
    ...(onStep ? { onStep } : {}),
  }
}

/** Crash tests name a step; there the process ends as if the power had failed. */
export function failpoint(name: string | undefined): ((step: string) => Promise<void>) | undefined {
  if (name === undefined) return undefined
  return async (step) => {
    if (step !== name) return
    process.kill(process.pid, 'SIGKILL')
    await new Promise(() => {})
  }
}

export type RunTold = Omit<RunResult, 'steps' | 'failing'> & {
  readonly failing: Results['run']['failing']
  readonly milliseconds: number
  readonly unseen?: Unseen | undefined
}

export const told = (result: Ran): RunTold => {
  const { steps, failing, ...rest } = result
  const milliseconds = steps.reduce((sum, step) => sum + step.milliseconds, 0)
  return { ...rest, failing: failing.map(({ key, code, message }) => ({ key, code, message })), milliseconds }
}

export function runAnswer(result: RunTold, cli: Cli): Answer {
  const row = {
    run_id: result.runId,
    status: result.status,
    as_of: result.asOf,
    mode: result.mode,
    chosen: result.chosen,
    candidates: result.candidates ?? null,
    engine: result.engine,
    leads: result.leads,
    segments: result.segments,
    entered: result.entered,
    left: result.left,
    failing: result.failing,
    warnings: result.warnings.map(({ key, code, message }) => ({ key, code, message })),
    superseded: result.superseded,
    drift: result.drift,
    lake: result.lake,
    inbox: result.inbox,
    unseen: result.unseen ? unseenRow(result.unseen) : null,
    milliseconds: result.milliseconds,
  }
  return {
    columns: runColumns,
    rows: [row],
    document: { ...row, run_id: Number(row.run_id) },
    lines: runLines(result, cli),
  }
}

const runColumns: readonly Column[] = [
  { name: 'run_id', kind: 'number' },
  { name: 'status' },
  { name: 'as_of', kind: 'instant' },
  { name: 'mode' },
  { name: 'chosen', kind: 'json' },
  { name: 'candidates', kind: 'json' },
  { name: 'engine' },
  { name: 'leads', kind: 'count' },
  { name: 'segments', kind: 'count' },
  { name: 'entered', kind: 'count' },
  { name: 'left', kind: 'count' },
  { name: 'failing', kind: 'json' },
  { name: 'warnings', kind: 'json' },
  { name: 'superseded', kind: 'count' },
  { name: 'drift', kind: 'count' },
  { name: 'lake', kind: 'json' },
  { name: 'inbox', kind: 'json' },
  { name: 'unseen', kind: 'json' },
  { name: 'milliseconds', kind: 'milliseconds' },
]

function runLines(result: RunTold, cli: Cli): string[] {
  if (result.status === 'unchanged') {
    return [`Nothing to do: run ${result.runId} as of ${instant(result.asOf)} UTC was applied before.`]
  }
  const size = `${plural(result.leads, 'lead')}, ${plural(result.segments, 'segment')}`
  const lines = [
    `run ${result.runId}  as of ${instant(result.asOf)} UTC  ·  ${size}  ·  ${seconds(result.milliseconds)}`,
    `  looked at  ${lookedAt(result)}`,
    ...changeLines(result),
  ]
  if (result.drift) {
    lines.push(
      `  ${cli.paint.yellow('drift')}    ${plural(result.drift, 'difference')} that no change explains, repaired: \`tideline status\` shows where.`,
    )
  }
  if (result.unseen) lines.push(`  ${cli.paint.yellow('unseen')}   ${unseenLine(result.unseen)}`)
  if (result.inbox && result.inbox.quarantined > 0) {
    const { import_id: id, rows, quarantined } = result.inbox
    const some = `${thousands(String(quarantined))} of ${plural(rows, 'row')} of the inbox`
    lines.push(`  ${cli.paint.yellow('refused')}  ${some}, in quarantine: ${quarantineQuery(id)}`)
  }
  const lake = result.lake && mended(result.lake)
  if (lake) lines.push(`  ${cli.paint.yellow('lake')}     ${lake}`)
  if (result.superseded > 0) {
    lines.push(`  ${plural(result.superseded, 'segment')} changed meanwhile; left to the next run`)
  }
  for (const { key, code, message } of result.failing) {
    const word = words[code] ?? 'broken'
    const name = cli.paint.yellow(word) + ' '.repeat(9 - word.length)
    const approve = code === 'NEEDS_APPROVAL' ? ` \`tideline approve ${key}\` lets it happen.` : ''
    lines.push(`  ${name}${key}: ${message}${approve} It keeps its last members.`)
  }
  for (const { key, message } of result.warnings) {
    lines.push(`  ${cli.paint.yellow('large')}    ${key}: ${message}`)
  }
  return lines
}

function unseenRow({ rows, holder }: Unseen): object {
  const { held, pid, application, role, database, state, kind } = holder
  return { rows, held: held && Number(held), pid, application, role, database, state, kind }
}

function unseenLine({ rows, holder }: Unseen): string {
  const [have, they] = rows === 1 ? ['has', 'it comes'] : ['have', 'they come']
  const since = holder.held === null ? '' : `, open for ${span(Number(holder.held))},`
  return `${plural(rows, 'row')} ${have} arrived that a transaction of ${holderOf(holder)}${since} keeps from being seen; ${they} with a later run.`
}

/** What became of a segment that a run left as it was; anything else broke it. */
const words: Readonly<Record<string, string>> = {
  NEEDS_APPROVAL: 'parked',
  SEGMENT_PARKED: 'blocked',
  SEGMENT_BROKEN: 'blocked',
}

const reasons: Readonly<Record<string, string>> = {
  events: 'with new events',
  attributes: 'with changed attributes',
  new: 'new',
  removed: 'removed',
  hands: 'put in or out by hand',
  due: 'due',
  accounts: 'by their account',
}

export type Looked = Pick<RunResult, 'chosen' | 'leads'> & {
  readonly mode: string
  readonly candidates: RunResult['candidates'] | null
  readonly unseen?: Unseen | undefined
}

/** `120 leads: 100 with new events, 20 due`; or why at all of them. */
export function lookedAt({ mode, chosen, candidates, leads, unseen }: Looked): string {
  if (mode === 'full') {
    const fellBack = chosen?.lake && `Not over the lake, but in Postgres: ${chosen.lake.message}`
    return ['all leads.', chosen?.message, fellBack].filter(Boolean).join(' ')
  }
  if (!candidates || candidates.leads === 0)
    return `no lead: nothing ${unseen ? 'that is seen ' : ''}has changed for any of ${thousands(String(leads))}.`
  const counts = Object.entries(candidates.reasons).map(
    ([reason, count]) => `${thousands(String(count))} ${reasons[reason] ?? reason}`,
  )
  return `${plural(candidates.leads, 'lead')}: ${counts.join(', ')}`
}

export const changeLines = ({ entered, left }: { entered: number; left: number }): string[] => [
  `  entered  ${thousands(String(entered)).padStart(9)}`,
  `  left     ${thousands(String(left)).padStart(9)}`,
]

export function enqueuedAnswer(
  job: { id: string; added: boolean },
  described: string,
  workers: number,
): Answer {
  const line = job.added
    ? `Job ${job.id} is on the queue in ${described}.`
    : `Job ${job.id} was on the queue already, in ${described}.`
  return {
    columns: [{ name: 'job' }, { name: 'added' }, { name: 'workers', kind: 'count' }],
    rows: [{ job: job.id, added: job.added, workers }],
    document: { job: job.id, added: job.added, workers },
    lines: [
      line,
      workers === 0
        ? 'There is no worker at the moment: start one with `tideline worker`.'
        : `${thousands(String(workers))} ${workers === 1 ? 'worker is' : 'workers are'} there to do it; \`tideline runs\` shows when it is done.`,
    ],
  }
}
