import { sql } from 'kysely'
import type { Agenda, Passing } from './agenda.ts'
import { mayBeNow } from './agenda.ts'
import { accountEndings, accountsOfLeads } from './attributes.ts'
import type { Sql } from './dialect.ts'
import type { EventTypes, Feature } from './ir.ts'
import { canonical } from './ir.ts'
import { agendaEnd, dayTurnsAt, justAfter, nowPasses, type Passage } from './passages.ts'
import { as, type Part, passes, propertyOf, type Scope } from './scans.ts'
import type { Moment } from './time.ts'

/** A scope in which it is wanted when leads may turn. */
export type DueScope = Scope & { readonly agenda: Agenda }

export const wantsDue = (scope: Scope): scope is DueScope => scope.agenda !== undefined

/** The earliest of several instants, of which some or all may be missing. */
export const earliest = (all: readonly Sql[]): Sql =>
  all.length > 0 ? sql`least(${sql.join(all)})` : sql.lit(null)

/** When a moment passes a value, `moment` or `instant` as engines compare it; nothing where it passes none. */
export function passing(
  value: Sql,
  moment: Moment,
  {
    scope,
    type = 'moment',
    if: also = [],
  }: { scope: DueScope; type?: 'moment' | 'instant'; if?: readonly Sql[] },
): Sql[] {
  const passages = scope.agenda.passagesOf(moment)
  if (passages.length === 0) return []
  const { dialect } = scope
  const bound = (instant: string) =>
    type === 'moment' ? dialect.instant(instant) : dialect.bytes(dialect.text(instant))
  const compared = type === 'moment' ? value : dialect.bytes(sql`(${value})`)
  const cases = passages.map((passage) => {
    const within = [sql`${compared} >= ${bound(passage.low)}`, sql`${compared} <= ${bound(passage.high)}`]
    return sql`when ${sql.join([...(type === 'moment' ? [...within, ...also] : [...also, ...within])], sql` and `)}
      then ${passed(value, passage, scope, type)}`
  })
  return [sql`case ${sql.join(cases, sql` `)} end`]
}

/** What lies at asOf itself, on the edge, is looked at again a microsecond later. */
function passed(value: Sql, passage: Passage, { dialect, asOf }: Scope, type: 'moment' | 'instant'): Sql {
  if ('at' in passage) return dialect.instant(passage.at)
  const instant = type === 'moment' ? value : dialect.readInstant(value)
  return sql`greatest(${dialect.later(instant, passage.seconds)}, ${dialect.instant(justAfter(asOf))})`
}

/** The pass over all events finds when one of them comes into a window or drops out of it: `event_due`. */
export function eventDue(scope: Scope): Sql[] {
  if (!wantsDue(scope)) return []
  const { dialect, asOf, agenda } = scope
  const turns = [
    ...byMoment(agenda.events).flatMap(({ moment, events }) =>
      passing(sql.ref('occurred_at'), moment, { scope, if: anyOf(events, scope) }),
    ),
    ...byMoment(agenda.fading).flatMap(({ moment, events }) => {
      const at = dayTurnsAt(moment, asOf)
      // At midnight itself points grow less for everybody, whether due or not.
      return at && at < agendaEnd(asOf)
        ? [sql`case when ${sql.join(anyOf(events, scope))} then ${dialect.instant(at)} end`]
        : []
    }),
    ...agenda.properties.flatMap(({ types, property, moment }) =>
      passing(propertyOf(property, scope), moment, { scope, type: 'instant', if: ofTypes(types, scope) }),
    ),
  ]
  return turns.length > 0 ? [as(sql`min(${earliest(turns)})`, 'event_due')] : []
}

const hasEventDue = (scope: Scope): boolean => eventDue(scope).length > 0

function byMoment(turns: Agenda['events']): { moment: Moment; events: Passing[] }[] {
  const found = new Map<string, { moment: Moment; events: Passing[] }>()
  for (const { moment, events } of turns) {
    const known = found.get(canonical(moment))
    if (known) known.events.push(events)
    else found.set(canonical(moment), { moment, events: [events] })
  }
  return [...found.values()]
}

const anyOf = (events: readonly Passing[], scope: Scope): Sql[] => {
  const each = events.map((one) => sql`(${passes(one, scope)})`)
  return [sql`(${sql.join(each, sql` or `)})`]
}

const nothing = { kind: 'all', of: [] } as const
const ofTypes = (types: EventTypes, scope: Scope): Sql[] => [passes({ types, where: nothing }, scope)]

/** When an attribute's value, or since when it holds, is passed: per lead, and per account. */
export function changeDueScans(scope: Scope): Part[] {
  return (['lead', 'account'] as const).flatMap((of) => {
    const turns = changeTurns(of, scope)
    if (turns.length === 0) return []
    const among = of === 'lead' ? scope.dialect.among : undefined
    const where = [
      sql`subject = ${sql.lit(of)}`,
      scope.dialect.known(scope.horizon),
      ...(of === 'account' ? accountsOfLeads(scope) : []),
      ...(among && scope.leads ? [among(sql.ref('subject_id'), scope.leads)] : []),
    ]
    return [
      {
        name: `${of}_due`,
        query: sql`
  select subject_id as ${sql.ref(`${of}_id`)}, ${as(sql`min(${earliest(turns)})`, `${of}_due_at`)}
  from attribute_change
  where ${sql.join(where, sql`\n    and `)}
  group by subject_id`,
      },
    ]
  })
}

function changeTurns(wanted: 'lead' | 'account', scope: Scope): Sql[] {
  if (!wantsDue(scope)) return []
  const { dialect, columns, agenda } = scope
  const named = (name: string) => [sql`attribute = ${dialect.text(name)}`]
  return [
    ...agenda.changes
      .filter(({ of }) => of === wanted)
      .flatMap(({ name, moment }) => passing(sql.ref('from_at'), moment, { scope, if: named(name) })),
    ...agenda.values
      .filter(({ attribute }) => attribute.of === wanted && attribute.type === 'instant')
      .flatMap(({ attribute, moment }) => {
        const value = dialect.attribute(attribute, columns.of(attribute))
        return passing(value, moment, { scope, type: 'instant', if: named(attribute.name) })
      }),
  ]
}

/** How the leads' rows get to the scans above: an account's through every account that the lead is looked at with. */
export const changeDueJoins = (scope: Scope): Sql[] => [
  ...(changeTurns('lead', scope).length > 0
    ? [sql.raw('left join lead_due on lead_due.lead_id = leads.lead_id')]
    : []),
  ...accountDues(scope).map((ending) =>
    sql.raw(
      `left join account_due as account_due${ending} on account_due${ending}.account_id = account_now${ending}`,
    ),
  ),
]

const accountDues = (scope: Scope): string[] =>
  changeTurns('account', scope).length > 0 ? accountEndings(scope.plan) : []

/** Of what was recorded: columns beside those of its scans, `segment_due` and `score_due`. */
export function stepDue(scope: Scope): Sql[] {
  if (!wantsDue(scope)) return []
  const { dialect, agenda } = scope
  const turns = agenda.steps.flatMap(({ segment, moment }) =>
    passing(sql.ref('as_of'), moment, { scope, if: [sql`segment = ${dialect.text(segment)}`] }),
  )
  return turns.length > 0 ? [as(sql`min(${earliest(turns)})`, 'segment_due')] : []
}

export function dayDue(scope: Scope): Sql[] {
  if (!wantsDue(scope)) return []
  const { dialect, agenda } = scope
  const turns = agenda.days.flatMap(({ score, moment }) =>
    passing(sql.ref('ends_at'), moment, { scope, if: [sql`score = ${dialect.text(score)}`] }),
  )
  return turns.length > 0 ? [as(sql`min(${earliest(turns)})`, 'score_due')] : []
}

/** The column with which the rows of all features begin: the earliest of what the scans found. */
export function scannedDue(scope: Scope): Sql[] {
  if (!wantsDue(scope)) return []
  const found = [
    ...(hasEventDue(scope) ? ['event_due'] : []),
    ...(changeTurns('lead', scope).length > 0 ? ['lead_due_at'] : []),
    ...accountDues(scope).map((ending) => `account_due${ending}.account_due_at`),
    ...(stepDue(scope).length > 0 ? ['segment_due'] : []),
    ...(dayDue(scope).length > 0 ? ['score_due'] : []),
  ]
  const none = sql`cast(null as ${sql.raw(scope.dialect.instantType)})`
  return [as(found.length > 0 ? earliest(found.map((name) => sql.ref(name))) : none, 'scanned_due')]
}

/** When the value of a feature is passed that some segment compares. */
export function comparedDue(scope: DueScope, typeOf: (feature: Feature) => string): Sql[] {
  const { agenda, columns, dialect, asOf } = scope
  return agenda.compared.flatMap(({ feature, moment }) => {
    if (feature.kind === 'score_change') return []
    const value = sql.ref(columns.of(feature))
    const type = typeOf(feature)
    if (type !== 'moment' && type !== 'instant') return []
    const found = passing(value, moment, { scope, type })
    // What is so only now goes on with asOf until a run has recorded it.
    const at = mayBeNow(feature) ? nowPasses(moment, asOf) : undefined
    if (!at) return found
    return [...found, sql`case when ${value} = ${dialect.instant(asOf)} then ${dialect.instant(at)} end`]
  })
}
