import { z } from 'zod'
import { lowerComparison, type Named, printComparison, sayComparison, sayStored } from '../comparison.ts'
import { type Context, condition } from '../condition.ts'
import { type ComparisonNode, comparison, storedName } from '../definition.ts'
import { lowerDuring, printEventName, printWhich, sayEvent, sayWhich, which } from '../events.ts'
import {
  type EventFeature,
  type Events,
  type Feature,
  nobody,
  not,
  type Predicate,
  type Property,
  type ScalarType,
} from '../ir.ts'
import { period, printPeriod, sayPeriod } from '../period.ts'
import { type Seen, sayDistance, sayTyped, withCommas } from '../phrase.ts'
import { propertyOf } from '../property.ts'

const shape = z.strictObject({
  kind: z.literal('event_value'),
  figure: z.enum(['sum', 'mean', 'min', 'max', 'distinct', 'first', 'last']),
  property: z.strictObject(storedName),
  ...which,
  is: comparison,
  when: period.optional(),
})
type EventValue = z.infer<typeof shape>

export const eventValue = condition<EventValue>({
  kind: 'event_value',
  meaning:
    'The sum, mean, least or greatest value of a property over the events in a period, the number of its different values, or its value on the first or last of them, compares as said.',
  missing:
    'Sum, mean, least and greatest of no value are missing, and so is a first or last value that the event lacks: no positive comparison matches. The number of different values of nothing is 0.',
  shape,
  syntax: `
event_value
  = figure:event_value_figure _ property:storedName _ 'of' end _ said:which _ is:comparison when:(_ @period)?
    { return node({ kind: 'event_value', figure, property, ...said, is, ...(when ? { when } : {}) }) }
event_value_figure
  = figure:$('sum' / 'mean' / 'min' / 'max' / 'distinct' / 'first' / 'last') end { return figure }
`,
  print: (node) =>
    [
      `${node.figure} ${printProperty(node.property)} of`,
      printWhich(node),
      printComparison(node.is),
      node.when && printPeriod(node.when),
    ]
      .filter(Boolean)
      .join(' '),
  lower: lowerValue,
  say: (node) =>
    [
      `${wordsFor(node)} ${sayStored(node.property)} of`,
      sayWhich(node),
      node.when && sayPeriod(node.when),
      sayComparison(node.is),
    ]
      .filter(Boolean)
      .join(' '),
  tell: tellValue,
  examples: [
    'sum amount of purchase > 100',
    'sum amount of purchase >= 250.5 within 90 days',
    'sum amount of purchase is unknown',
    'sum seconds of page_view where page = "/pricing" between 10 and 60 this month',
    'sum amount of any of (purchase, demo_request) = 0',
    'mean seconds of page_view where page = "/docs" >= 30 within 30 days',
    'mean seconds of page_view < 12.345678',
    'mean amount of purchase = 50',
    'mean amount of purchase != 50',
    'mean amount of purchase in (10, 20.5)',
    'mean amount of purchase is known between 60 and 30 days ago',
    'min amount of purchase <= 5',
    'max seconds of viewed_pricing > 60 since "2026-01-01"',
    'max value of deal_won >= 1000',
    'min started of page_view < "2026-03-01"',
    'max started of page_view within 30 days',
    'max started of page_view = "2026-03-01" last month',
    'distinct channel of any event >= 2 within 90 days',
    'distinct page of page_view = 0',
    'distinct page of page_view not in (1, 2) within 30 days',
    'distinct logged_in of page_view = 2',
    'distinct amount of purchase between 1 and 3',
    'distinct utm.source of page_view >= 1',
    'first page of page_view = "/pricing"',
    'first page of page_view contains "docs" within 30 days',
    'first channel of any event = "email"',
    'first logged_in of page_view is true',
    'last page of page_view = "/pricing"',
    'last page of page_view != exactly "/pricing" within 14 days',
    'last page of page_view in ("/pricing", "/docs")',
    'last page of page_view is unknown',
    'last seconds of page_view where page is known between 10 and 60',
    'last started of page_view since "2026-02-01"',
    'last tags of page_view = "vip"',
    'last utm.source of page_view starts with "news"',
    'last kind of deal_won = "won"',
  ],
})

const printProperty = ({ name, path = [] }: EventValue['property']): string =>
  [name, ...path].map(printEventName).join('.')

const words = {
  ...{
    sum: 'sum of',
    mean: 'mean',
    min: 'least',
    max: 'greatest',
    distinct: 'number of different values of',
  },
  ...{ first: 'first', last: 'last' },
}

/** The least date is the earliest. */
function wordsFor({ figure, is }: EventValue): string {
  const dated = is.op === 'period' || ('value' in is && typeof is.value === 'string')
  return dated && figure === 'min' ? 'earliest' : dated && figure === 'max' ? 'latest' : words[figure]
}

function lowerValue(node: EventValue, context: Context): Predicate {
  const events = lowerDuring(node, node, context)
  const of = { types: events.types, label: sayEvent(node.event) }
  const asked = node.is.op === 'is known' || node.is.op === 'is unknown' ? 'known' : 'value'
  const { figure } = node
  const ends = figure === 'first' || figure === 'last'
  const named = propertyOf(node, node.property, of, context, ends ? { asked } : {})
  if (!named) return nobody
  const feature = (figure: EventFeature['figure']): Feature => ({
    kind: 'events',
    of: 'lead',
    figure,
    events,
  })
  if (figure === 'first' || figure === 'last') {
    const kind = `value of ${figure}` as const
    return lowerComparison(
      { ...named, subject: (type) => feature({ kind, property: named.subject(type) }) },
      node.is,
      context,
    )
  }
  const type = read(figure, named, { property: node.property, ...events }, context)
  if (!type) return nobody
  const property = named.subject(type)
  return lowerFigure(
    {
      node,
      label: `The ${words[figure]} ${named.label}`,
      type: figure === 'distinct' || type !== 'instant' ? 'number' : type,
      subject: () => feature({ kind: figure, property }),
    },
    node.is,
    context,
  )
}

function tellValue(node: EventValue, seen: Seen): string {
  const [feature] = seen.features
  const of = `${sayStored(node.property)} of ${sayWhich(node)}`
  const when = node.when ? ` ${sayPeriod(node.when)}` : ''
  const value = feature ? seen.value(feature) : null
  if (feature?.kind !== 'events' || !('property' in feature.figure) || value === null)
    return `no ${of}${when}`
  const { figure } = feature
  if (figure.kind === 'distinct') {
    return `${withCommas(value)} different ${value === '1' ? 'value' : 'values'} of ${of}${when}`
  }
  const { type } = figure.property
  if (type === 'instant') return `${wordsFor(node)} ${of}${when} ${sayDistance(value, seen)}`
  return `${wordsFor(node)} ${of} ${sayTyped(value, type, seen)}${when}`
}

type Figure = Exclude<EventValue['figure'], 'first' | 'last'>
const readable: Record<Figure, readonly ScalarType[]> = {
  sum: ['number'],
  mean: ['number'],
  min: ['number', 'instant'],
  max: ['number', 'instant'],
  distinct: ['text', 'number', 'boolean', 'instant'],
}

/** The type as which the property is read: what the catalog says, or the first that the figure can be made of. */
function read(
  figure: Figure,
  named: Named<Property>,
  { property: { name, path }, types: meant }: Pick<EventValue, 'property'> & Events,
  context: Context,
): ScalarType | undefined {
  const types = readable[figure]
  const type = named.type === 'range' ? 'number' : named.type
  if (type === undefined || path) return types[0]
  const found = types.find((each) => each === type)
  if (!found) {
    const event = 'only' in meant && meant.only.length === 1 ? meant.only[0] : 'EVENT'
    const set = `tideline catalog set ${event}.${name} ${types[0]}`
    context.report(named.node, 'TYPE_MISMATCH', `${named.label} is of type ${type}: it has no ${figure}.`, {
      hint: `That can be asked of values of type ${types.join(', ')}; \`${set}\` reads them as such.`,
    })
  }
  return found
}

/** A mean is compared as a sum with a multiple: one value at a time. */
function lowerFigure(named: Named<Feature>, is: ComparisonNode, context: Context): Predicate {
  if (is.op === 'not in') return not(lowerFigure(named, { ...is, op: 'in' }, context))
  if (is.op !== 'in') return lowerComparison(named, is, context)
  return { kind: 'any', of: is.values.map((value) => lowerComparison(named, { op: '=', value }, context)) }
}
