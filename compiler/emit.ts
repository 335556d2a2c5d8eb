import { type RawBuilder, sql } from 'kysely'
import { type ComparedType, compare } from './compare.ts'
import type { Dialect, Sql } from './dialect.ts'
import type { Feature, Property, Score, Test, Tree } from './ir.ts'
import { canonical } from './ir.ts'
import { type AttributeFeature, bitsPerWord, type EventFeature, type QueryPlan } from './plan.ts'
import { type Statement, toStatement } from './statement.ts'
import { type Instant, resolve } from './time.ts'

export type Seen = {
  readonly asOf: Instant
  /** Rows of transactions below it are known. Engines whose rows were cut at the horizon ignore it. */
  readonly horizon: string
}

/**
 * Query plan × dialect × asOf → one statement with one row per lead that exists at asOf:
 * `lead_id`, the set of segments that hold as words `w0`, `w1`, … of 62 bits in the plan's order, and the
 * micro-points of each score as `s0`, `s1`, ….
 */
export function emit(plan: QueryPlan, dialect: Dialect, seen: Seen): Statement {
  return toStatement(new Emitter(plan, dialect, seen).statement())
}

class Emitter {
  readonly plan: QueryPlan
  readonly dialect: Dialect
  readonly seen: Seen
  /** Which column each feature became, by its canonical form. */
  readonly columns: ReadonlyMap<string, number>

  constructor(plan: QueryPlan, dialect: Dialect, seen: Seen) {
    this.plan = plan
    this.dialect = dialect
    this.seen = seen
    this.columns = new Map(
      [plan.events, plan.attributes, plan.properties].flatMap((kind) =>
        kind.map((each, index): [string, number] => [canonical(each), index]),
      ),
    )
  }

  private position(of: Feature | Property): number {
    const position = this.columns.get(canonical(of))
    if (position === undefined) throw new Error('a predicate reads a feature that its plan lacks')
    return position
  }

  statement(): RawBuilder<unknown> {
    const { plan } = this
    const scans = [
      sql`event_feature as (${this.eventScan()})`,
      ...(plan.attributes.length > 0 ? this.attributeScans() : []),
      sql`feature as (${this.features()})`,
    ]
    const words = Array.from(
      { length: Math.max(1, Math.ceil(plan.segments.length / bitsPerWord)) },
      (_, word) => {
        const bits = plan.segments
          .slice(word * bitsPerWord, (word + 1) * bitsPerWord)
          .map(
            ({ predicate }, bit) =>
              sql`case when ${this.predicate(predicate)} then ${sql.lit(2n ** BigInt(bit))} else 0 end`,
          )
        const sum = bits.length > 0 ? sql.join(bits, sql`\n      + `) : sql`0`
        return sql`cast(${sum} as bigint) as ${sql.ref(`w${word}`)}`
      },
    )
    const scores = plan.scores.map((_, index) => sql.ref(`s${index}`))
    return sql`with ${sql.join(scans, sql`,\n`)}\nselect lead_id,\n  ${sql.join([...words, ...scores], sql`,\n  `)}\nfrom feature`
  }

  /** One pass over the events: for each lead, every figure that some segment or score reads. */
  private eventScan(): Sql {
    const { plan, dialect } = this
    const figures = plan.events.map(
      (feature, index) => sql`${this.figure(feature)} as ${sql.ref(`e${index}`)}`,
    )
    const scores = plan.scores.map((score, index) => sql`${this.points(score)} as ${sql.ref(`s${index}`)}`)
    const columns = [sql`lead_id`, sql`min(occurred_at) as first_event`, ...figures, ...scores]
    return sql`
  select ${sql.join(columns, sql`,\n    `)}
  from events
  where occurred_at <= ${dialect.instant(this.seen.asOf)}
    and ${dialect.known(this.seen.horizon)}
  group by lead_id`
  }

  private figure({ figure, events }: EventFeature): Sql {
    const filters: Sql[] = []
    if ('only' in events.types) {
      const [single] = events.types.only
      filters.push(
        events.types.only.length === 1
          ? sql`type = ${this.dialect.text(single!)}`
          : this.dialect.oneOf(sql.ref('type'), events.types.only, 'text', true),
      )
    } else if (events.types.allBut.length > 0) {
      filters.push(sql`not ${this.dialect.oneOf(sql.ref('type'), events.types.allBut, 'text', true)}`)
    }
    if (events.where.kind !== 'all' || events.where.of.length > 0) {
      filters.push(this.tree(events.where, (test) => this.propertyTest(test)))
    }
    if (events.from) filters.push(sql`occurred_at >= ${this.moment(events.from)}`)
    if (events.to) filters.push(sql`occurred_at <= ${this.moment(events.to)}`)
    const filter = filters.length > 0 ? sql` filter (where ${sql.join(filters, sql` and `)})` : sql``
    if (figure === 'count') return sql`count(*)${filter}`
    return sql`${sql.raw(figure === 'first' ? 'min' : 'max')}(occurred_at)${filter}`
  }

  private points(score: Score): Sql {
    if (score.rules.length === 0) return this.dialect.total(sql`0`)
    const rules = score.rules.map(
      ({ event, micropoints }) => sql`when ${this.dialect.text(event)} then cast(${micropoints} as bigint)`,
    )
    return this.dialect.total(sql`case type
      ${sql.join(rules, sql`\n      `)}
      else 0 end`)
  }

  /** Which value each attribute had at asOf: the latest that had begun to hold, or before the first known one, that. */
  private attributeScans(): Sql[] {
    const { dialect, plan } = this
    const asOf = dialect.instant(this.seen.asOf)
    const ofAccounts = plan.attributes.some((feature) => feature.of === 'account')
    const names = (of: 'lead' | 'account') =>
      plan.attributes.filter((feature) => feature.of === of).map(({ name }) => name)
    const leadNames = [...new Set([...names('lead'), ...(ofAccounts ? ['@account'] : [])])].sort()
    const wanted = [sql`subject = 'lead' and ${dialect.oneOf(sql.ref('attribute'), leadNames, 'text', true)}`]
    if (ofAccounts) {
      const accountNames = [...new Set(names('account'))].sort()
      wanted.push(
        sql`subject = 'account' and ${dialect.oneOf(sql.ref('attribute'), accountNames, 'text', true)}`,
      )
    }
    const now = sql`attribute_now as (
  select distinct on (subject, subject_id, attribute) *
  from attribute_change
  where (${sql.join(wanted, sql` or `)})
    and ${dialect.known(this.seen.horizon)}
  order by subject, subject_id, attribute,
    case when from_at <= ${asOf} then from_at end desc nulls last,
    case when from_at <= ${asOf} then change_id end desc nulls last,
    from_at, change_id)`
    return [now, this.pivot('lead'), ...(ofAccounts ? [this.pivot('account')] : [])]
  }

  private pivot(of: 'lead' | 'account'): Sql {
    const { dialect, plan } = this
    const columns: Sql[] = plan.attributes.flatMap((feature, index) =>
      feature.of === of ? [sql`${this.attributeFigure(feature)} as ${sql.ref(`a${index}`)}`] : [],
    )
    if (of === 'lead' && plan.attributes.some((feature) => feature.of === 'account')) {
      columns.push(sql`max(case when attribute = '@account' then ${dialect.accountLink()} end) as account_id`)
    }
    const id = sql.ref(`${of}_id`)
    return sql`${sql.ref(`${of}_attribute`)} as (
  select ${sql.join([sql`subject_id as ${id}`, ...columns], sql`,\n    `)}
  from attribute_now
  where subject = ${sql.lit(of)}
  group by subject_id)`
  }

  private attributeFigure({ name, type }: AttributeFeature): Sql {
    const value = sql`case when attribute = ${this.dialect.text(name)} then ${this.dialect.attribute(type)} end`
    return type === 'boolean' || type === 'json' ? sql`bool_or(${value})` : sql`max(${value})`
  }

  /** One row per lead that exists, with all its features. */
  private features(): Sql {
    const { dialect, plan } = this
    const asOf = dialect.instant(this.seen.asOf)
    const columns: Sql[] = [
      sql`leads.lead_id`,
      sql`least(leads.first_seen_at, event_feature.first_event) as first_seen`,
      ...plan.events.map(({ figure }, index) =>
        figure === 'count'
          ? sql`coalesce(${sql.ref(`e${index}`)}, 0) as ${sql.ref(`e${index}`)}`
          : sql.ref(`e${index}`),
      ),
      ...plan.attributes.map((_, index) => sql.ref(`a${index}`)),
      ...plan.scores.map((_, index) => sql`coalesce(${sql.ref(`s${index}`)}, 0) as ${sql.ref(`s${index}`)}`),
    ]
    const joins: Sql[] = [sql`left join event_feature on event_feature.lead_id = leads.lead_id`]
    if (plan.attributes.length > 0) {
      joins.push(sql`left join lead_attribute on lead_attribute.lead_id = leads.lead_id`)
      if (plan.attributes.some((feature) => feature.of === 'account')) {
        joins.push(
          sql`left join account_attribute on account_attribute.account_id = lead_attribute.account_id`,
        )
      }
    }
    return sql`
  select ${sql.join(columns, sql`,\n    `)}
  from leads
  ${sql.join(joins, sql`\n  `)}
  where ${dialect.known(this.seen.horizon)}
    and least(leads.first_seen_at, event_feature.first_event) <= ${asOf}`
  }

  private predicate(tree: Tree<Test<Feature>>): Sql {
    return this.tree(tree, ({ subject, is }) => compare(this.column(subject), is, this.side(typeOf(subject))))
  }

  private propertyTest(test: Test<Property>): Sql {
    const value = sql`(${this.dialect.property(test.subject, this.position(test.subject))})`
    return compare(value, test.is, this.side(test.subject.type))
  }

  private side(type: ComparedType) {
    return { dialect: this.dialect, asOf: this.seen.asOf, type }
  }

  private tree<Subject>(tree: Tree<Test<Subject>>, leaf: (test: Test<Subject>) => Sql): Sql {
    switch (tree.kind) {
      case 'test':
        return leaf(tree)
      case 'not':
        return sql`not ${this.tree(tree.of, leaf)}`
      case 'all':
      case 'any':
        if (tree.of.length === 0) return sql.lit(tree.kind === 'all')
        return sql`(${sql.join(
          tree.of.map((each) => this.tree(each, leaf)),
          tree.kind === 'all' ? sql` and ` : sql` or `,
        )})`
    }
  }

  private column(feature: Feature): Sql {
    switch (feature.kind) {
      case 'first_seen':
        return sql.ref('first_seen')
      case 'events':
        return sql.ref(`e${this.position(feature)}`)
      case 'attribute':
        return sql.ref(`a${this.position(feature)}`)
      case 'score':
        return sql.ref(`s${this.scorePosition(feature.score)}`)
    }
  }

  private scorePosition(name: string): number {
    const position = this.plan.scores.findIndex((score) => score.name === name)
    if (position < 0) throw new Error(`a predicate reads the score ${name}, which its plan lacks`)
    return position
  }

  private moment(moment: Parameters<typeof resolve>[0]): Sql {
    return this.dialect.instant(resolve(moment, this.seen.asOf))
  }
}

function typeOf(feature: Feature): ComparedType {
  switch (feature.kind) {
    case 'attribute':
      return feature.type
    case 'score':
      return 'micropoints'
    case 'first_seen':
      return 'moment'
    case 'events':
      return feature.figure === 'count' ? 'number' : 'moment'
  }
}
