import type { Duckdb } from '../engine.ts'
import { UserError } from '../errors.ts'
import { instants, type Layout } from './columns.ts'
import { type DateFormat, formats, isoShape, patternFormat } from './formats.ts'
import type { Column } from './source.ts'

/** For each target that is a date in its own way of writing: how its column is read. */
export type Decided = ReadonlyMap<string, { column: Column; format: DateFormat }>
export type FormatWish = string | Record<string, string> | undefined

type Candidate = { target: string; column: Column; core: boolean; strict: boolean }

/**
 * Decides for each column, never for a row, how its instants are written. `known` are the types that names already
 * have; a column whose name is new is one of instants only if all its values are.
 */
export async function decideFormats(
  duckdb: Duckdb,
  layout: Layout,
  known: ReadonlyMap<string, Set<string>>,
  wish: FormatWish,
): Promise<Decided> {
  const wishes = readWishes(wish, layout)
  const decided = new Map<string, { column: Column; format: DateFormat }>()
  for (const candidate of await candidates(duckdb, layout, known)) {
    const format = await decide(duckdb, candidate, wishes(candidate))
    if (format) decided.set(candidate.target, { column: candidate.column, format })
  }
  return decided
}

async function candidates(
  duckdb: Duckdb,
  layout: Layout,
  known: ReadonlyMap<string, Set<string>>,
): Promise<Candidate[]> {
  const core = [...layout.core].filter(([target]) => instants.includes(target))
  const rest = [...layout.rest].filter(([name]) => known.get(name)?.has('instant') ?? true)
  const found = [...core, ...rest].flatMap(([target, origin]): Candidate[] => {
    if (!('column' in origin)) return []
    const isCore = layout.core.get(target) === origin
    return [{ target, column: origin.column, core: isCore, strict: !isCore && !known.has(target) }]
  })
  const strict = found.filter((candidate) => candidate.strict)
  const plausible = await looksLikeDates(
    duckdb,
    strict.map(({ column }) => column),
  )
  return found.filter((candidate) => !candidate.strict || plausible.has(candidate.column.name))
}

/** A look at a few values spares most columns the reading of all. */
async function looksLikeDates(duckdb: Duckdb, columns: Column[]): Promise<Set<string>> {
  if (columns.length === 0) return new Set()
  const tests = columns.map(
    ({ text }, index) =>
      `bool_and(regexp_matches(nullif(${text}, ''), '\\d.*[/. -].*\\d') and length(${text}) < 40) as t${index}`,
  )
  const [found] = await duckdb.rows<Record<string, boolean | null>>(
    `select ${tests.join(', ')} from (select * from good limit 5000)`,
  )
  return new Set(columns.filter((_, index) => found?.[`t${index}`] !== false).map((column) => column.name))
}

type Entry = { format: DateFormat; index: number; count: number }
type Wish = { format: DateFormat; forThisColumn: boolean }

async function decide(
  duckdb: Duckdb,
  candidate: Candidate,
  wish: Wish | undefined,
): Promise<DateFormat | undefined> {
  if (wish?.forThisColumn) return wish.format
  if (await allIso(duckdb, candidate.column)) return formats[0]
  const possible = formats.filter((format) => candidate.core || !format.coreOnly)
  const tried = wish && !possible.includes(wish.format) ? [...possible, wish.format] : possible
  const { entries, total, readable } = await tally(duckdb, candidate.column, tried)
  const best = entries.filter((entry) => entry.count === (candidate.strict ? total : readable))
  const wished = entries.find((entry) => entry.format === wish?.format)
  if (entries.length === 0) return undefined
  if (wished && (best.includes(wished) || (best.length === 0 && !candidate.strict))) return wished.format
  const [first, second] = best
  if (!first) {
    if (candidate.strict) return undefined
    throw await mixed(duckdb, candidate, entries)
  }
  return second ? await sameOrAsk(duckdb, candidate, first, second) : first.format
}

/** The usual case, told at a glance: no other format reads what has the shape of ISO 8601. */
async function allIso(duckdb: Duckdb, { text }: Column): Promise<boolean> {
  const [found] = await duckdb.rows<{ all: boolean | null }>(
    `select bool_and(regexp_matches(nullif(${text}, ''), '${isoShape}')) as all from good`,
  )
  return found?.all === true
}

/** How many distinct values each format reads; formats that read none are left out. */
async function tally(duckdb: Duckdb, column: Column, tried: readonly DateFormat[]) {
  const reads = tried.map((format, index) => `${format.read('value')} as f${index}`)
  await duckdb.run(
    `create or replace temp table readings as select value, ${reads.join(', ')}
     from (select distinct ${column.text} as value from good) where value <> ''`,
  )
  const any = tried.map((_, index) => `f${index} is not null`).join(' or ')
  const each = tried.map((_, index) => `count(f${index}) as f${index}`).join(', ')
  const [counts] = await duckdb.rows<Record<string, string>>(
    `select count(*) as total, count(*) filter (${any}) as readable, ${each} from readings`,
  )
  const entries = tried.map(
    (format, index): Entry => ({ format, index, count: Number(counts?.[`f${index}`]) }),
  )
  return {
    entries: entries.filter((entry) => entry.count > 0),
    total: Number(counts?.total),
    readable: Number(counts?.readable),
  }
}

/** Two formats read all values. If they never differ either will do; otherwise only the user can know. */
async function sameOrAsk(
  duckdb: Duckdb,
  candidate: Candidate,
  first: Entry,
  second: Entry,
): Promise<DateFormat> {
  const [seen] = await duckdb.rows<{ value: string; one: string; other: string }>(
    `select value, f${first.index} as one, f${second.index} as other from readings
     where f${first.index} <> f${second.index} order by value limit 1`,
  )
  if (seen) throw twoWays(candidate, { ...seen, first: first.format, second: second.format })
  return first.format
}

function twoWays(
  candidate: Candidate,
  seen: { value: string; one: string; other: string; first: DateFormat; second: DateFormat },
): UserError {
  const { name } = candidate.column
  return new UserError({
    code: 'AMBIGUOUS_DATE_FORMAT',
    message: `Is "${seen.value}" in column ${name} ${spoken(seen.one)} or ${spoken(seen.other)}? Every value there can be read both ways, so nothing was taken.`,
    hint: `Say --date-format ${name}=${seen.first.name} or --date-format ${name}=${seen.second.name}; --date-format ${seen.first.name} is for all columns.`,
  })
}

async function mixed(duckdb: Duckdb, candidate: Candidate, entries: Entry[]): Promise<UserError> {
  const { name } = candidate.column
  const examples = await Promise.all(
    entries.map(async ({ format, index, count }) => {
      const [found] = await duckdb.rows<{ value: string }>(
        `select min(value) as value from readings where f${index} is not null`,
      )
      return `${count} read as ${format.name} (such as "${found?.value}")`
    }),
  )
  return new UserError({
    code: 'AMBIGUOUS_DATE_FORMAT',
    message: `Which way are the instants in column ${name} written? No one way reads them all: ${examples.join(', ')} of its distinct values. Nothing was taken.`,
    hint: `Say --date-format ${name}=${entries.toSorted((a, b) => b.count - a.count)[0]?.format.name}; rows that are written otherwise then go to quarantine.`,
  })
}

function spoken(iso: string): string {
  const months = [
    'January',
    'February',
    'March',
    'April',
    'May',
    'June',
    'July',
    'August',
    'September',
    'October',
    'November',
    'December',
  ]
  const [year, month, day] = iso.slice(0, 10).split('-')
  return `${Number(day)} ${months[Number(month) - 1]} ${year}`
}

/** What `--date-format` says about a column, by the column's name or its target's; one without a name is for all. */
function readWishes(wish: FormatWish, layout: Layout): (candidate: Candidate) => Wish | undefined {
  if (wish === undefined) return () => undefined
  if (typeof wish === 'string') {
    const format = formatNamed(wish)
    return () => ({ format, forThisColumn: false })
  }
  const byName = new Map(Object.entries(wish).map(([name, format]) => [name, formatNamed(format)]))
  const names = new Set(
    [...layout.core, ...layout.rest].flatMap(([target, origin]) =>
      'column' in origin ? [target, origin.column.name] : [target],
    ),
  )
  for (const name of byName.keys()) {
    if (!names.has(name)) {
      throw new UserError({
        code: 'UNKNOWN_COLUMN',
        message: `--date-format names a column "${name}" that the file does not have.`,
        hint: `It has: ${[...names].slice(0, 40).join(', ')}.`,
      })
    }
  }
  return ({ column, target }) => {
    const format = byName.get(column.name) ?? byName.get(target)
    return format && { format, forThisColumn: true }
  }
}

function formatNamed(name: string): DateFormat {
  const format = formats.find((known) => known.name === name.toUpperCase())
  if (format) return format
  if (name.includes('%')) return patternFormat(name)
  throw new UserError({
    code: 'UNKNOWN_DATE_FORMAT',
    message: `There is no date format "${name}".`,
    hint: `There are ${formats.map((known) => `${known.name} (${known.example})`).join(', ')}, or a pattern such as %Y%m%d.`,
  })
}
