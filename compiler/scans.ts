import { type RawBuilder, sql } from 'kysely'
import type { Agenda } from './agenda.ts'
import type { Columns } from './columns.ts'
import { countBeside } from './columns.ts'
import { compare } from './compare.ts'
import type { Among, Dialect, Sql } from './dialect.ts'
import type { EventFeature, Events, EventTypes, Property, Test, Tree } from './ir.ts'
import type { QueryPlan } from './plan.ts'
import { type Instant, type Moment, offsetChanges, resolve } from './time.ts'

/** What every part of a statement needs to know. */
export type Scope = {
  readonly plan: QueryPlan
  readonly dialect: Dialect
  readonly asOf: Instant
  readonly horizon: string
  readonly columns: Columns
  /** If these are given, only they are looked at. */
  readonly leads?: Among | undefined
  /** If it is wanted when each lead may turn by time alone. */
  readonly agenda?: Agenda | undefined
  /** Whether the features' values are wanted, and of sequences the instants of their steps. */
  readonly values?: boolean | undefined
}

/** A part of the statement under a name: `with name as (query)`. */
export type Part = { readonly name: string; readonly query: RawBuilder<unknown> }

/** One pass over the events: for each lead, every figure that some segment reads, and `more`. */
export function eventScan(scope: Scope, more: readonly Sql[]): Part {
  const { plan, columns } = scope
  const figures = plan.events
    .filter((feature) => !isOrdered(feature))
    .flatMap((feature) => figureColumns(feature, scope))
  const all = [sql`lead_id`, sql`min(occurred_at) as first_event`, ...figures, ...more]
  return { name: 'event_feature', query: grouped(all, scope) }

  function figureColumns(feature: EventFeature, within: Scope): Sql[] {
    const column = columns.of(feature)
    const { figure } = feature
    if (figure.kind !== 'mean') return [as(figureOf(feature, within), column)]
    const value = propertyOf(figure.property, within)
    const filter = filterOf(feature.events, within)
    return [as(sql`sum(${value})${filter}`, column), as(sql`count(${value})${filter}`, countBeside(column))]
  }
}

/**
 * Figures that need a lead's events in order, or each value once: a pass of its own, over the types they name, since
 * the first of the instants at which their windows begin.
 */
export function detailScan(scope: Scope): Part | undefined {
  const ordered = scope.plan.events.filter(isOrdered)
  if (ordered.length === 0) return undefined
  const figures = ordered.map((feature) => as(figureOf(feature, scope), scope.columns.of(feature)))
  const types = typesOf(
    ordered.map(({ events }) => events.types),
    scope,
  )
  const since = sinceOf(
    ordered.map(({ events }) => events),
    scope,
  )
  return { name: 'event_detail', query: grouped([sql`lead_id`, ...figures], scope, [types, since]) }
}

/** Since when any of these look at events; nothing where one looks at all there ever were. */
function sinceOf(all: readonly Events[], { dialect, asOf }: Scope): Sql | undefined {
  const begins = all.flatMap(({ from }) => (from ? [resolve(from, asOf)] : [])).sort()
  return begins.length === all.length ? sql`occurred_at >= ${dialect.instant(begins[0]!)}` : undefined
}

const isOrdered = ({ figure }: EventFeature): boolean =>
  ['distinct', 'days', 'value of first', 'value of last'].includes(figure.kind)

function grouped(
  columns: readonly Sql[],
  scope: Scope,
  narrower: readonly (Sql | undefined)[] = [],
): RawBuilder<unknown> {
  return sql`
  select ${sql.join(columns, sql`,\n    `)}
  from events
  where ${sql.join(visible(scope, ...narrower), sql`\n    and `)}
  group by lead_id`
}

/** What holds for every event that is looked at. */
export function visible(
  { dialect, asOf, horizon, leads }: Scope,
  ...narrower: readonly (Sql | undefined)[]
): Sql[] {
  return [
    sql`occurred_at <= ${dialect.instant(asOf)}`,
    dialect.known(horizon),
    ...(leads ? [dialect.among(sql.ref('lead_id'), leads)] : []),
    ...narrower.filter((each) => each !== undefined),
  ]
}

/** All events that are looked at, under the name of their table: what is read several times is looked up once. */
export function gathered(scope: Scope): Part[] {
  const { dialect, leads } = scope
  if (!dialect.gathers || !leads || !('table' in leads)) return []
  const query = sql`
  select lead_id, event_id, type, occurred_at, properties, ingest_xid
  from events
  where ${sql.join(visible(scope), sql`\n    and `)}`
  return [{ name: 'events', query }]
}

/** Whether an event is of one of these types; nothing where that is no restriction. */
export function typesOf(all: readonly EventTypes[], { dialect }: Scope): Sql | undefined {
  const only = new Set<string>()
  const prefixes = new Set<string>()
  for (const types of all) {
    if ('allBut' in types) return undefined
    if ('only' in types) for (const type of types.only) only.add(type)
    else prefixes.add(types.prefix)
  }
  const type = sql.ref('type')
  const tests = [
    dialect.oneOf(type, [...only].sort(), 'text', true),
    ...[...prefixes].sort().map((prefix) => sql`starts_with(${type}, ${dialect.text(prefix)})`),
  ]
  return sql`(${sql.join(tests, sql` or `)})`
}

/** Whether an event passes: its type, its properties, its window. */
export function passes(events: Events, scope: Scope): Sql {
  const { dialect } = scope
  const { types } = events
  const tests: Sql[] = []
  const type = sql.ref('type')
  if ('only' in types) {
    tests.push(
      types.only.length === 1
        ? sql`type = ${dialect.text(types.only[0]!)}`
        : dialect.oneOf(type, types.only, 'text', true),
    )
  } else if ('prefix' in types) tests.push(sql`starts_with(${type}, ${dialect.text(types.prefix)})`)
  else if (types.allBut.length > 0) tests.push(sql`not ${dialect.oneOf(type, types.allBut, 'text', true)}`)
  if (events.where.kind !== 'all' || events.where.of.length > 0) {
    tests.push(treeOf(events.where, (test) => propertyTest(test, scope)))
  }
  const at = (moment: Moment) => dialect.instant(resolve(moment, scope.asOf))
  if (events.from) tests.push(sql`occurred_at >= ${at(events.from)}`)
  if (events.to) tests.push(sql`occurred_at <= ${at(events.to)}`)
  if (events.until) tests.push(sql`occurred_at < ${at(events.until)}`)
  return tests.length > 0 ? sql.join(tests, sql` and `) : sql.lit(true)
}

/** `filter (where …)`, or nothing where every event passes. */
function filterOf(events: Events, scope: Scope, more: readonly Sql[] = []): Sql {
  const all = 'allBut' in events.types && events.types.allBut.length === 0
  const narrowed = !all || events.from || events.to || events.until || !isEverything(events.where)
  if (!narrowed && more.length === 0) return sql``
  return sql` filter (where ${sql.join([...(narrowed ? [passes(events, scope)] : []), ...more], sql` and `)})`
}

const isEverything = (tree: Events['where']): boolean => tree.kind === 'all' && tree.of.length === 0

function figureOf({ figure, events }: EventFeature, scope: Scope): Sql {
  const { dialect } = scope
  const filter = filterOf(events, scope)
  switch (figure.kind) {
    case 'first':
      return sql`min(occurred_at)${filter}`
    case 'last':
      return sql`max(occurred_at)${filter}`
    case 'count':
      return sql`count(*)${filter}`
    case 'sum':
    case 'mean':
      return sql`sum(${propertyOf(figure.property, scope)})${filter}`
    case 'min':
    case 'max': {
      const value = propertyOf(figure.property, scope)
      const ordered = figure.property.type === 'number' ? value : dialect.bytes(value)
      return sql`${sql.raw(figure.kind)}(${ordered})${filter}`
    }
    case 'distinct': {
      const value = propertyOf(figure.property, scope)
      return sql`count(distinct ${figure.property.type === 'text' ? dialect.fold(value) : value})${filter}`
    }
    case 'value of first':
    case 'value of last': {
      const direction = sql.raw(figure.kind === 'value of first' ? '' : ' desc')
      const order = sql`occurred_at${direction}, ${dialect.bytes(sql.ref('event_id'))}${direction}`
      return sql`(array_agg(${propertyOf(figure.property, scope)} order by ${order})${filter})[1]`
    }
    case 'days': {
      const from = events.from ? resolve(events.from, scope.asOf) : beginning
      const changes = offsetChanges(figure.zone, from, scope.asOf)
      return sql`count(distinct ${dialect.day(sql.ref('occurred_at'), changes)})${filter}`
    }
    case 'periods': {
      const periods = figure.from.map((from, index) => {
        const newer = figure.from[index - 1]
        const period = { from, ...(newer ? { until: newer } : {}) }
        const bounds = passes({ types: { allBut: [] }, where: { kind: 'all', of: [] }, ...period }, scope)
        return sql`case when count(*)${filterOf(events, scope, [bounds])} >= ${sql.lit(figure.least)} then 1 else 0 end`
      })
      return sql`${sql.join(periods, sql`\n      + `)}`
    }
  }
}

/** No event is earlier: imports take none. */
const beginning: Instant = '1900-01-01T00:00:00.000000Z'

export function propertyTest(test: Test<Property>, scope: Scope): Sql {
  const { dialect, asOf } = scope
  return compare(propertyOf(test.subject, scope), test.is, { dialect, asOf, type: test.subject.type })
}

export function propertyOf(property: Property, { dialect, columns }: Scope): Sql {
  const own = sql`(${dialect.property(property, columns.of(property))})`
  const types = Object.entries(property.ofType ?? {})
  if (types.length === 0) return own
  const ofType = (saying: (value: string) => Sql) => {
    const cases = types.map(([type, value]) => sql`when ${dialect.text(type)} then ${saying(value)}`)
    return sql`case type ${sql.join(cases, sql` `)} end`
  }
  switch (property.type) {
    case 'text':
      return sql`coalesce(${own}, ${ofType((value) => dialect.text(value))})`
    case 'texts':
      return sql`coalesce(${own}, ${ofType((value) => dialect.listOfOne(dialect.text(value)))})`
    case 'json':
      return sql`coalesce(${own}, ${ofType(() => sql.lit(true))})`
    case 'size':
      return sql`coalesce(nullif(${own}, 0), ${ofType(() => sql.lit(1))}, 0)`
    default:
      // A type says text, which is none of these.
      return own
  }
}

export function treeOf<Subject>(tree: Tree<Test<Subject>>, leaf: (test: Test<Subject>) => Sql): Sql {
  switch (tree.kind) {
    case 'test':
      return leaf(tree)
    case 'not':
      return sql`not ${treeOf(tree.of, leaf)}`
    case 'all':
    case 'any':
      if (tree.of.length === 0) return sql.lit(tree.kind === 'all')
      return sql`(${sql.join(
        tree.of.map((each) => treeOf(each, leaf)),
        tree.kind === 'all' ? sql` and ` : sql` or `,
      )})`
  }
}

export const as = (value: Sql, column: string): Sql => sql`${value} as ${sql.ref(column)}`
