import {
  type Catalog,
  type Clock,
  type Instant,
  sayInstant,
  sayMinute,
  sayMoment,
} from '../compiler/index.ts'
import type { LeadAt } from '../pipeline/asof.ts'
import type { Ending } from '../pipeline/endings.ts'
import { assumedOf, type Lead, type LeadChange, type LeadEvent } from '../pipeline/lead.ts'
import type { Explanation } from '../pipeline/why.ts'
import type { Paint } from './paint.ts'
import { sayAllAnswered } from './source.ts'
import { renderTable } from './table.ts'
import { cut, instant, printable, show, wrap, zoned } from './values.ts'

/** A lead, and all that is shown of it as of an instant. */
export type OnScreen = {
  readonly found: Lead
  readonly asOf: Instant
  readonly zone: string
  /** Asked for an instant. */
  readonly past: boolean
  readonly explanation: Explanation
  readonly standing: readonly LeadAt[]
  readonly segments: readonly SegmentRow[]
  readonly events: readonly LeadEvent[]
  readonly changes: readonly LeadChange[]
  /** What is known of the types of their values. */
  readonly attributes: Readonly<Record<'lead' | 'account', Catalog['leads']>>
  readonly types: Catalog['events']
}

export type SegmentRow = {
  readonly segment: string
  readonly since: Instant | null
  readonly ending: Ending['kind']
  /** When it leaves if nothing happens; or before which instant it does not; or why nobody can tell. */
  readonly until: Instant | null
  readonly not_before: Instant | null
  readonly because: string | null
  /** In a sentence. */
  readonly why: string | null
}

export function screen(of: OnScreen, paint: Paint): string[] {
  const { found, asOf, explanation, zone } = of
  const scores = explanation.scores.map(
    ({ score, value, level }) => `${score} ${show(value, 'score')}${level ? ` (${level})` : ''}`,
  )
  const seen = sayInstant(found.first_seen_at, { asOf, zone })
  return [
    [paint.bold(printable(found.lead_id)), ...scores].join('  ·  '),
    `first seen ${seen}  ·  as of ${zoned(asOf, zone)}`,
    ...(of.past ? wrap(`segments ${sayAllAnswered(of.standing)}`, 98) : []),
    '',
    ...values('lead', of),
    ...(found.account_id === null ? [] : accountLines(found.account_id, of)),
    ...section('Segments', segmentLines(of)),
    ...section('Last events', eventLines(of)),
    ...section('Changed in the last 30 days', changeLines(of)),
  ]
}

const section = (title: string, lines: readonly string[]): string[] => [
  '',
  title,
  ...lines.map((line) => `  ${line}`),
]

function accountLines(account: string, of: OnScreen): string[] {
  const { account_id: known } = assumedOf(of.found, of.asOf)
  const note = known ? `  (${sayAssumed(known, of)})` : ''
  return ['', `account ${printable(account)}${note}`, ...values('account', of)]
}

/** Days are shown as days. Of a time before a value was known it is said when it was. */
function values(owner: 'lead' | 'account', of: OnScreen): string[] {
  const field = owner === 'lead' ? 'attributes' : 'account_attributes'
  const held = of.found[field]
  const assumed = assumedOf(of.found, of.asOf)[field]
  const names = Object.keys(held).sort()
  const width = Math.max(0, ...names.map((name) => name.length))
  const notes = names.map((name) => (assumed[name] ? sayAssumed(assumed[name], of) : ''))
  // Most imports tell of all attributes at once.
  const [first] = notes
  const alike = first !== undefined && first !== '' && notes.every((note) => note === first)
  const lines = names.map((name, index) => {
    const text = valueText(held[name], of.attributes[owner].get(name), of.zone)
    const note = alike || !notes[index] ? '' : `  (${notes[index]})`
    return `  ${printable(name).padEnd(width)}  ${cut(printable(text), 96 - width - note.length)}${note}`
  })
  return alike ? [...lines, `  (${first})`] : lines
}

const sayAssumed = (known: Instant, { zone }: OnScreen): string =>
  `assumed: first known ${sayMinute(known, zone)}`

function valueText(value: unknown, type: string | undefined, zone: string): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  return type === 'instant' ? sayMoment(value, zone) : value
}

function segmentLines({ segments, asOf, zone }: OnScreen): string[] {
  if (segments.length === 0) return ['in none']
  const rows = segments.map((each) => ({
    segment: each.segment,
    since: each.since && instant(each.since, { zone }),
    leaves: sayEnding(each, { asOf, zone }),
  }))
  return renderTable([{ name: 'segment' }, { name: 'since' }, { name: 'leaves', title: 'UNTIL' }], rows, 98)
}

function sayEnding(row: SegmentRow, clock: Clock): string {
  const { zone } = clock
  if (row.until !== null) return `${sayInstant(row.until, clock)}, if nothing happens`
  if (row.not_before !== null) return `not before ${instant(row.not_before, { zone })}, if nothing happens`
  return row.ending === 'open' ? 'something happens' : `can't be told: it hangs on ${row.because}`
}

function eventLines({ events, types, zone }: OnScreen): string[] {
  if (events.length === 0) return ['none']
  return events.map(({ occurred_at, type, properties }) => {
    const known = types.get(type)?.properties
    const said = Object.entries(properties).map(([name, value]) => {
      const dated = typeof value === 'string' && known?.get(name) === 'instant'
      return `${name} ${dated ? sayMoment(value, zone) : JSON.stringify(value)}`
    })
    return cut(`${instant(occurred_at, { zone })}  ${printable([type, ...said].join('  '))}`, 98)
  })
}

function changeLines({ changes, zone }: OnScreen): string[] {
  if (changes.length === 0) return ['nothing']
  return changes.map(
    ({ as_of, segment, change, cause }) =>
      `${instant(as_of, { zone })}  ${change.padEnd(7)}  ${segment} (${cause})`,
  )
}
