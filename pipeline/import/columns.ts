import { distance } from 'fastest-levenshtein'
import { UserError } from '../errors.ts'
import { type Column, jsonObject, literal, type Source } from './source.ts'

/** Core values that are instants. */
export const instants = ['occurred_at', 'first_seen_at', 'changed_at']

export type Kind = 'leads' | 'accounts' | 'events' | 'conversions'
export type Mapping = { map: Record<string, string>; set: Record<string, string> }

/** Where a value of the installation comes from: a column of the file, or one constant for all rows. */
export type Origin = { column: Column } | { constant: string }
export type Layout = {
  /** What stands in columns of its own: lead_id, occurred_at, … */
  readonly core: ReadonlyMap<string, Origin>
  /** Every other column, under the name of the attribute or property that it becomes. */
  readonly rest: ReadonlyMap<string, Origin>
}

const targets: Record<Kind, { required: string[]; optional: string[] }> = {
  leads: { required: ['lead_id'], optional: ['account_id', 'first_seen_at', 'changed_at'] },
  accounts: { required: ['account_id'], optional: ['changed_at'] },
  events: { required: ['lead_id', 'type', 'occurred_at'], optional: ['event_id'] },
  conversions: { required: ['lead_id', 'type', 'occurred_at'], optional: ['event_id'] },
}

/** Decides which column becomes what, or says which one is missing and how to name it. */
export function layOut(kind: Kind, columns: Column[], mapping: Mapping): Layout {
  const byName = new Map(columns.map((column) => [column.name, column]))
  // A conversion's type is what all of them are called; a column "type" of such a file means something else.
  const set =
    kind === 'conversions' && !('type' in mapping.map) ? { type: 'conversion', ...mapping.set } : mapping.set
  const mapped = new Map<string, Origin>()
  for (const [target, name] of Object.entries(mapping.map)) {
    const column = byName.get(name)
    if (!column) throw unknownColumn(target, name, columns)
    if (target in mapping.set) throw saidTwice(target)
    mapped.set(target, { column })
  }
  for (const [target, constant] of Object.entries(set)) mapped.set(target, { constant })

  const core = new Map<string, Origin>()
  const { required, optional } = targets[kind]
  const own = (target: string) =>
    kind === 'conversions' && target === 'type' ? undefined : byName.get(target)
  for (const target of [...required, ...optional]) {
    const column = own(target)
    const origin = mapped.get(target) ?? (column && { column })
    if (origin) core.set(target, origin)
  }
  for (const target of required) if (!core.has(target)) throw missingColumn(kind, target, columns)
  const used = new Set(
    [...core.values(), ...mapped.values()].flatMap((origin) =>
      'column' in origin ? [origin.column.name] : [],
    ),
  )
  const rest = new Map<string, Origin>()
  for (const column of columns) if (!used.has(column.name)) rest.set(column.name, { column })
  for (const [target, origin] of mapped) if (!core.has(target)) rest.set(target, origin)
  if (rest.has('@account')) throw reservedName('@account')
  return { core, rest }
}

/** A column that became an attribute or property, and is called nearly as what stands in a column of its own. */
export type Mistaken = { readonly column: string; readonly target: string }

export function mistakenIn(kind: Kind, { core, rest }: Layout): Mistaken[] {
  const open = targets[kind].optional.filter((target) => !core.has(target))
  return [...rest].flatMap(([name, origin]) => {
    if ('constant' in origin || origin.column.name !== name) return []
    const target = open.find((each) => spellings(each).includes(bare(name)))
    return target === undefined ? [] : [{ column: name, target }]
  })
}

const bare = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')

/** `account_id`: accountid, account. An `event` of an event is rather its type; its `id` is its own. */
const spellings = (target: string): string[] => [
  bare(target),
  target === 'event_id' ? 'id' : bare(target.replace(/_(id|at)$/, '')),
]

/** SQL for a core value as text; null where the row has none. */
export function textOf(origin: Origin | undefined): string {
  if (!origin) return 'null'
  return 'constant' in origin ? literal(origin.constant) : origin.column.text
}

/** SQL for one JSON object of everything that is no core value. */
export function restOf(source: Source, layout: Layout): string {
  const members = [...layout.rest].map(([name, origin]): [string, string, boolean] => [
    name,
    'constant' in origin ? `to_json(${literal(origin.constant)})` : origin.column.json,
    'constant' in origin || origin.column.name !== name,
  ])
  if (!source.without) return jsonObject(members.map(([name, json]) => [name, json]))
  // Of a row that is an object already, all is kept but what went elsewhere, so that a member it lacks stays apart
  // from one that is null.
  const kept = new Set(members.filter(([, , moved]) => !moved).map(([name]) => name))
  const gone = source.columns.map((column) => column.name).filter((name) => !kept.has(name))
  const moved = members.filter(([, , isMoved]) => isMoved)
  if (moved.length === 0) return gone.length === 0 ? 'line' : source.without(gone)
  const rest = source.without([...gone, ...moved.map(([name]) => name)])
  const inside = `nullif(cast(${rest} as varchar)[2:-2], '')`
  const added = moved.map(
    ([name, json]) => `${literal(`${JSON.stringify(name)}:`)} || cast(${json} as varchar)`,
  )
  return `'{' || concat_ws(',', ${[inside, ...added].join(', ')}) || '}'`
}

function nearest(name: string, columns: Column[]): string | undefined {
  const close = columns
    .map((column) => ({ name: column.name, away: distance(name.toLowerCase(), column.name.toLowerCase()) }))
    .sort((a, b) => a.away - b.away)[0]
  const last = name.split('_').at(-1) ?? ''
  const ending = instants.includes(name)
    ? /date|time|_at$/i
    : new RegExp(`${last.replaceAll(/\W/g, '')}$`, 'i')
  const contained = columns.find((column) => ending.test(column.name))
  return close && close.away <= Math.max(2, name.length / 3) ? close.name : contained?.name
}

function list(columns: Column[]): string {
  const names = columns.slice(0, 40).map((column) => column.name)
  return names.join(', ') + (columns.length > 40 ? `, and ${columns.length - 40} more` : '')
}

function missingColumn(kind: Kind, target: string, columns: Column[]): UserError {
  const guess = nearest(target, columns)
  const constant = target === 'type' ? ', or --set type=NAME for all rows' : ''
  return new UserError({
    code: 'MISSING_COLUMN',
    message: `An import of ${kind} needs ${target}, and the file has no such column. It has: ${list(columns)}.`,
    hint: guess
      ? `Did you mean --map ${target}=${guess}${constant}?`
      : `Say which column it is: --map ${target}=COLUMN${constant}.`,
  })
}

function unknownColumn(target: string, name: string, columns: Column[]): UserError {
  const guess = nearest(name, columns) ?? nearest(target, columns)
  return new UserError({
    code: 'UNKNOWN_COLUMN',
    message: `The file has no column "${name}". It has: ${list(columns)}.`,
    hint: guess ? `Did you mean --map ${target}=${guess}?` : `Say --map ${target}=COLUMN with one of them.`,
  })
}

function saidTwice(target: string): UserError {
  return new UserError({
    code: 'TARGET_TWICE',
    message: `${target} is both mapped to a column and set to a constant.`,
    hint: `Leave out --map ${target}=… or --set ${target}=….`,
  })
}

function reservedName(name: string): UserError {
  return new UserError({
    code: 'RESERVED_NAME',
    message: `The name "${name}" is Tideline's own, and the file has such a column.`,
    hint: `Give it another name: --map ${name.slice(1)}=${name}.`,
  })
}
