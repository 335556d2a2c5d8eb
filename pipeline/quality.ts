import type { Compiled } from '../compiler/index.ts'
import { rows } from './catalog.ts'
import type { Client, Database } from './engine.ts'
import { mentionsOf } from './mentions.ts'
import type { Finding, SegmentSource } from './project/sources.ts'
import { statement } from './sql.ts'

/** How well what is stored under a name fits its type. Counts are text, as Postgres has them. */
export type Fit = {
  readonly subject: 'lead' | 'account' | 'event'
  readonly event: string | null
  readonly name: string
  readonly type: string
  readonly of: string
  readonly known: string
  readonly wrong: string
  /** What the wrong values are instead: kind → how many. */
  readonly kinds: Readonly<Record<string, number>> | null
}

type Reader = Database | Client

/** Every attribute and property, those that fit as well. */
export async function readQuality(reader: Reader): Promise<Fit[]> {
  return [
    ...(await readAttributeFits(reader, 'lead')),
    ...(await readAttributeFits(reader, 'account')),
    ...(await rows<Fit>(reader, statement('reads/quality_properties'))),
  ]
}

const readAttributeFits = (reader: Reader, subject: 'lead' | 'account', names?: readonly string[]) =>
  rows<Fit>(reader, statement('reads/quality_attributes'), [subject, names ?? null])

/** Above this share of all leads (or accounts) a comparison with the wrong type is worth a warning. */
const worthAWarning = 0.05

type Sourced = Pick<SegmentSource, 'key' | 'where' | 'locate'>

/**
 * Warns of attributes that a definition compares although, on many leads, what is stored is of another type and counts
 * as missing. One statement for all of them; none if no definition compares an attribute.
 */
export async function warnOfStoredTypes(
  reader: Reader,
  segments: readonly Sourced[],
  compiled: ReadonlyMap<string, Compiled>,
): Promise<Finding[]> {
  const compared = segments.flatMap((segment) => {
    const predicate = compiled.get(segment.key)?.predicate
    const names = predicate ? mentionsOf(predicate) : []
    return names.flatMap((each) =>
      each.kind === 'attribute' && each.compared ? [{ segment, of: each.of, name: each.name }] : [],
    )
  })
  const findings: Finding[] = []
  for (const subject of ['lead', 'account'] as const) {
    const ours = compared.filter(({ of }) => of === subject)
    if (ours.length === 0) continue
    const fits = await readAttributeFits(reader, subject, [...new Set(ours.map(({ name }) => name))])
    const missing = fits.filter(({ type }) => type !== 'json')
    for (const fit of missing.filter(({ wrong, of }) => Number(wrong) > worthAWarning * Number(of))) {
      for (const segment of new Set(
        ours.filter(({ name }) => name === fit.name).map((each) => each.segment),
      )) {
        findings.push(finding(segment, fit))
      }
    }
  }
  return findings
}

function finding(segment: Sourced, fit: Fit): Finding {
  const { subject, name, type, wrong, of, kinds } = fit
  const share = ((Number(wrong) / Number(of)) * 100).toFixed(1)
  const written = subject === 'account' ? `account.${name}` : name
  return {
    ...segment.locate({ span: spanOf(segment.where, name) }),
    severity: 'warning',
    code: 'STORED_TYPE',
    message: `"${written}" is compared as ${type}, but on ${share} % of the ${subject}s it is something else, and counts as missing: ${sayKinds(kinds)}.`,
    hint: adviceFor(fit) ?? '`tideline quality` lists all such names.',
  }
}

/** Where the name stands in the text form. */
function spanOf(where: unknown, name: string): { start: number; end: number } | undefined {
  const start = typeof where === 'string' ? where.indexOf(name) : -1
  return start < 0 ? undefined : { start, end: start + name.length }
}

/** The type that most of the wrong values would be of, as a command. */
export function adviceFor({ subject, event, name, type, known, wrong, kinds }: Fit): string | undefined {
  const ranges = (kinds?.range ?? 0) + (kinds?.['number as text'] ?? 0)
  const meant =
    type === 'number' && ranges * 2 > Number(wrong)
      ? 'range'
      : Number(wrong) * 2 > Number(known)
        ? mostly(kinds)
        : undefined
  if (!meant || meant === type) return undefined
  const written = subject === 'lead' ? name : `${subject === 'account' ? 'account' : event}.${name}`
  return `\`tideline catalog set ${written} ${meant} --dry-run\` says what another type would do.`
}

function mostly(kinds: Fit['kinds']): string | undefined {
  const [kind] = Object.entries(kinds ?? {}).sort(([, a], [, b]) => b - a)[0] ?? []
  const types: Record<string, string> = {
    'number as text': 'number',
    'boolean as text': 'boolean',
    list: 'json',
    object: 'json',
  }
  const type = kind === undefined ? undefined : (types[kind] ?? kind)
  return type && ['text', 'number', 'boolean', 'instant', 'range', 'json'].includes(type) ? type : undefined
}

/** `312 × text, 5 × list`, most frequent first. */
export function sayKinds(kinds: Fit['kinds']): string {
  return Object.entries(kinds ?? {})
    .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
    .map(([kind, times]) => `${String(times).replace(/\B(?=(\d{3})+$)/g, ',')} × ${kind}`)
    .join(', ')
}
