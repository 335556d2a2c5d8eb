import { printStored, sayMoment } from '../compiler/index.ts'
import type { Database } from '../pipeline/engine.ts'
import type { Naming } from '../pipeline/naming.ts'
import {
  type KnownName,
  type NestedKey,
  readAttributes,
  readNestedKeys,
  readProperties,
} from '../pipeline/reads.ts'
import { cut, plural, thousands } from './values.ts'

/** How many values of each name are shown, and on which clock. */
export type Shown = { readonly values: number; readonly zone: string }

/** Names of the catalog, each followed by the keys within it. */
export type NameRows = {
  readonly rows: readonly NameRow[]
  /** How many names there are, without keys. */
  readonly names: number
  /** Which names have more keys than are listed. */
  readonly more: readonly string[]
}
export type NameRow = ReturnType<typeof nameRow>

type Subject = Parameters<typeof readNestedKeys>[1]
type Named = (name: string, path?: readonly string[]) => string[]

export async function attributeRows(
  database: Database,
  naming: Naming,
  subject: 'lead' | 'account',
  shown: Shown,
): Promise<NameRows> {
  const found = await readAttributes(database, subject, shown.values)
  return withKeys(database, { subject }, found, shown, (...named) => naming.attribute(subject, ...named))
}

export async function propertyRows(
  database: Database,
  naming: Naming,
  eventType: string,
  shown: Shown,
): Promise<NameRows> {
  const found = await readProperties(database, eventType, shown.values)
  const of = { subject: 'event', eventType } as const
  return withKeys(database, of, found, shown, (...named) => naming.property(eventType, ...named))
}

/** So many keys of a name are listed, and so deep. */
const most = { keys: 20, depth: 4 }

async function withKeys(
  database: Database,
  of: Subject,
  found: readonly KnownName[],
  { values, zone }: Shown,
  segments: Named,
): Promise<NameRows> {
  const nested = found.some(({ type }) => type === 'json')
    ? await readNestedKeys(database, of, { values, ...most })
    : []
  const keysOf = (name: string): NestedKey[] => nested.filter((each) => each.name === name)
  return {
    names: found.length,
    rows: found.flatMap((each) => [
      nameRow(each, segments(each.name), zone),
      ...keysOf(each.name).map(({ path, keys: _, ...key }) =>
        nameRow({ ...key, name: printStored({ name: key.name, path }) }, segments(key.name, path), zone),
      ),
    ]),
    more: found.flatMap(({ name }) => {
      const [first] = keysOf(name)
      return first && Number(first.keys) > most.keys
        ? [`${name} has ${plural(Number(first.keys), 'key')}: the ${most.keys} most common are listed.`]
        : []
    }),
  }
}

function nameRow(found: KnownName, segments: string[], zone: string) {
  const { of, different, values, ...rest } = found
  return {
    ...rest,
    share: Number(of) > 0 ? Number(found.known) / Number(of) : null,
    different,
    values,
    common: common(found, zone),
    segments,
    named_by: segments.join(', '),
  }
}

/** `Technology (34 %), Healthcare (12 %)`; of what is different nearly everywhere only how many there are. */
function common({ type, known, different, values }: KnownName, zone: string): string {
  const [first] = values
  if (!first) return ''
  if (first.count === 1 && Number(different) > 1) return 'all different'
  if (first.count * 100 < Number(known)) return `${thousands(different)} different ones`
  return values
    .slice(0, 4)
    .map(({ value, count }) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value)
      const said = type === 'instant' ? sayMoment(text, zone) : text
      return `${cut(said, 24)} (${Math.round((count / Number(known)) * 100)} %)`
    })
    .join(', ')
}
