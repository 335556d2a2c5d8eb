import type { AttributeHistoryFeature, Comparison, RecordedFeature } from '../../../compiler/ir.ts'
import type { Instant } from '../../../compiler/time.ts'
import type { Listed, SegmentChange } from '../recorded.ts'
import type { Change } from '../world.ts'
import { compare, fold } from './compare.ts'
import { resolve } from './time.ts'
import { read, type Value } from './values.ts'

type OfSegment = Extract<RecordedFeature, { segment: string }>
type Asked = { readonly lead: number; readonly asOf: Instant }

export const isListed = (
  listed: readonly Listed[],
  { segment, list }: { segment: string; list: Listed['list'] },
  { lead, asOf }: Asked,
): boolean =>
  listed.some((row) => {
    if (row.segment !== segment || row.list !== list || row.lead !== lead || row.late) return false
    const ended = row.until !== undefined && !row.endsLate && row.until <= asOf
    return row.from <= asOf && !ended
  })

/** What was written before asOf, and then asOf's own change, if it brings one. Oldest first. */
function changesOf(
  written: readonly SegmentChange[],
  { segment }: OfSegment,
  { lead, asOf, now }: Asked & { now: boolean },
): SegmentChange[] {
  const before = written
    .filter((each) => each.segment === segment && each.lead === lead && each.at < asOf)
    .sort((a, b) => (a.at < b.at ? -1 : 1))
  const was = before.at(-1)?.change === 'entered'
  if (was === now) return before
  return [...before, { segment, lead, at: asOf, change: now ? 'entered' : 'left' }]
}

/** `now`: whether the lead is in the segment as of asOf. */
export function recordedOf(
  written: readonly SegmentChange[],
  feature: OfSegment,
  asked: Asked & { now: boolean },
): Value | undefined {
  const { asOf } = asked
  const changes = changesOf(written, feature, asked)
  const bound = (moment: Parameters<typeof resolve>[0] | undefined) => moment && resolve(moment, asOf)
  const [to, until] = [bound(feature.to), bound(feature.until)]
  const inTime = (at: Instant) => (!to || at <= to) && (!until || at < until)
  if (feature.kind === 'inside') {
    const from = bound(feature.from)
    const value = changes.some(({ change, at }, index) => {
      if (change !== 'entered') return false
      // The first instant of the stay that the period may hold. Whoever is in now is in at asOf, but not later.
      const first = from && from > at ? from : at
      const next = changes[index + 1]?.at
      return inTime(first) && (next === undefined ? first <= asOf : first < next)
    })
    return { type: 'boolean', value }
  }
  if (feature.figure === 'since') {
    const last = changes.at(-1)
    return last?.change === 'entered' ? { type: 'instant', value: last.at } : undefined
  }
  const last = changes.filter(({ change, at }) => change === feature.figure && inTime(at)).at(-1)
  return last && { type: 'instant', value: last.at }
}

const ever: Instant = '0001-01-01T00:00:00.000000Z'

/** `changes`: of this attribute of this lead or account, in the order of recording. */
export function attributeHistory(
  changes: readonly Change[],
  feature: AttributeHistoryFeature,
  asOf: Instant,
): Value | undefined {
  const known = changes.filter(({ late }) => !late)
  // Of those that begin at the same instant the one recorded last comes last.
  const sorted = known.map((change, place) => ({ change, place }))
  sorted.sort((a, b) =>
    a.change.from < b.change.from ? -1 : a.change.from > b.change.from ? 1 : a.place - b.place,
  )
  const values = sorted
    .map(({ change }, index) => ({
      from: index === 0 ? ever : change.from,
      value: read(change.value, feature.attribute),
    }))
    .filter(({ from }) => from <= asOf)
  const is = (value: Value | undefined, comparison: Comparison) => compare(value, comparison, asOf)
  if (feature.figure === 'since') {
    let since: Instant | undefined
    for (const { from, value } of values) since = is(value, feature.to!) ? (since ?? from) : undefined
    return since === undefined ? undefined : { type: 'instant', value: since }
  }
  let last: Instant | undefined
  const { from, to, end } = feature
  for (const [index, { from: at, value }] of values.entries()) {
    if (index === 0) continue
    if (end?.to && at > resolve(end.to, asOf)) continue
    if (end?.until && at >= resolve(end.until, asOf)) continue
    const before = values[index - 1]!.value
    const left = from ? is(before, from) : to ? !is(before, to) : !same(before, value)
    const reached = to ? is(value, to) : from ? !is(value, from) : true
    if (left && reached) last = at
  }
  return last === undefined ? undefined : { type: 'instant', value: last }
}

const same = (a: Value | undefined, b: Value | undefined): boolean => {
  const plain = (each: Value | undefined) =>
    each === undefined
      ? undefined
      : 'value' in each
        ? `${each.type === 'text' ? fold(each.value) : each.value}`
        : each.type
  return plain(a) === plain(b)
}
