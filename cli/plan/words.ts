import { onOneLine } from '../../compiler/index.ts'
import type { Plan, PlannedSegment } from '../../pipeline/plan.ts'
import type { EventsChange } from '../../pipeline/planned/catalog.ts'
import type { Counted } from '../../pipeline/planned/counting.ts'
import { nothing, plural, printable, show, thousands } from '../values.ts'

/** What a plan says, as both its looks say it: lines on a terminal, and Markdown. */

export const number = (count: number | null): string => (count === null ? nothing : thousands(String(count)))

export const oneLine = (text: string): string => printable(text.replace(/\s+/g, ' ').trim())

/** A definition in its text form, on one line. */
export const definitionLine = (text: string | null | undefined): string => printable(onOneLine(text ?? ''))

/** What happens with a segment, in one word. */
export function verbOf({ action, renamedFrom, because }: PlannedSegment): Verb {
  if (action === 'keep') return because.length > 0 ? 'change' : 'rename'
  if (action === 'create' || action === 'archive') return action
  if (because.length > 0) return because[0]!.what === 'new' ? 'create' : 'change'
  return renamedFrom === null ? (action === 'change' ? 'record' : action) : 'rename'
}
/** `record`: written down anew, and means what it means today. */
export type Verb = 'create' | 'change' | 'describe' | 'rename' | 'record' | 'archive'

export const signs: Record<Verb, string> = {
  create: '+',
  change: '~',
  describe: '·',
  rename: '»',
  record: '·',
  archive: '-',
}

const counted: readonly (readonly [Verb, string])[] = [
  ['create', 'to create'],
  ['change', 'to change'],
  ['rename', 'to rename'],
  ['describe', 'to describe anew'],
  ['record', 'to write down anew'],
  ['archive', 'to archive'],
]

/** `1 to create, 2 to change, 20 unchanged`. */
export function summary(plan: Plan): string {
  const verbs = plan.segments.map(verbOf)
  const parts = counted
    .map(([verb, words]) => [verbs.filter((each) => each === verb).length, words] as const)
    .filter(([count]) => count > 0)
    .map(([count, words]) => `${number(count)} ${words}`)
  return [...parts, ...(plan.kept > 0 || parts.length === 0 ? [`${number(plan.kept)} unchanged`] : [])].join(
    ', ',
  )
}

export const hasChanges = ({ segments, scoring, events }: Plan): boolean =>
  segments.length > 0 || scoring === 'change' || events.length > 0

/** Why its members may change, where its own text is not why. */
export function reasonOf({ because }: PlannedSegment): string | undefined {
  const said = because.flatMap((reason) => {
    switch (reason.what) {
      case 'segment':
        return [`${reason.key} changes`]
      case 'scoring.yaml':
      case 'events.yaml':
        return [`${reason.what} changes`]
      case 'time zone':
        return ['the time zone changes']
      case 'types':
        return ['what it names is of another type now']
      default:
        return []
    }
  })
  return said.length > 0 ? said.join(', ') : undefined
}

/** What stands beside the counts of a segment whose members are not those that are counted as now. */
export const parkedNote =
  'A run parked it: its members stay as they were before; what is counted as now is what it means now.'

/** What becomes of segments that change by more than the guard lets pass; `them`: how they were named before. */
export const guarded = (them: 'it' | 'them'): string =>
  `\`tideline apply\` asks whether that is meant, and --yes agrees; unasked, the next run parks ${them}.`

/** How the definition reads: before and after where they differ. */
export function textOf(segment: PlannedSegment): { before?: string; after?: string } {
  const [before, after] = [segment.before?.trim(), segment.after?.trim()]
  const verb = verbOf(segment)
  if (verb === 'archive') return before ? { before } : {}
  if (verb === 'create' || before === after || !before) return after ? { after } : {}
  return after ? { before, after } : { before }
}

export function sizeOf({ after, size }: Counted, leads: number | null): string {
  if (after === null || size === null || !leads) return ''
  return `${show(after / leads, 'share')} of leads, ${size}`
}

/** `+61`, `-3`, or both. */
export function moved(members: Counted | null): string {
  if (!members) return 'no change'
  const { enter, leave } = members
  const parts = [
    ...(enter.count > 0 ? [`+${number(enter.count)}`] : []),
    ...(leave.count > 0 ? [`-${number(leave.count)}`] : []),
  ]
  return parts.length > 0 ? parts.join(' ') : 'no change'
}

export const describedOf = ({ described }: Pick<PlannedSegment, 'described'>): string[] =>
  described.map(({ field, before, after }) => `${field}: ${quoted(before)}  →  ${quoted(after)}`)

const quoted = (text: string | null): string => (text === null ? nothing : printable(JSON.stringify(text)))

export function eventsLine({ kind, name, before, after }: EventsChange): string {
  const what = `${kind} ${printable(name)}`
  if (before === null) return `new ${what}: ${definitionLine(after)}`
  if (after === null) return `${what} is gone: ${definitionLine(before)}`
  return `${what}: ${definitionLine(before)}  →  ${definitionLine(after)}`
}

export const leadsOf = ({ leads }: Plan): string => (leads === null ? '' : plural(leads, 'lead'))
