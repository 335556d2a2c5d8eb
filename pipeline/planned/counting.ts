import type { Part } from '../../compiler/index.ts'
import type { Asking } from '../ask.ts'
import { type CountedPart, type PartRow, rowsOf } from '../parts.ts'
import { type SizeWord, sizeWord } from '../size.ts'
import type { Tally } from '../tally.ts'
import type { Foreseen } from './segments.ts'
import type { Side } from './sides.ts'

/** Who is in a segment now and will be, both by their definitions, at one instant. */
export type Counted = {
  /** Null: it is not there, or what it means now can't be evaluated. */
  readonly now: number | null
  /** Null: it will not be there. */
  readonly after: number | null
  readonly size: SizeWord | null
  readonly enter: { readonly count: number; readonly sample: readonly string[] }
  readonly leave: { readonly count: number; readonly sample: readonly string[] }
  /** Of what it will be; with `-` of what it is and will not be. Empty where they were not asked for. */
  readonly conditions: readonly PlannedCondition[]
}
export type PlannedCondition = CountedPart & { readonly sign: '+' | '-' | ' ' }

type Reading = (counted: Tally | undefined) => Counted | null

/** Past so many, conditions are no longer counted one by one: the statement would only grow. */
const mostConditions = 400

/** Puts the questions about segments, each segment once however often it is asked about. */
export class Counting {
  private readonly asking: Asking
  private readonly sides: { readonly before: Side; readonly after: Side }
  private readonly known = new Map<string, (counted: Tally) => Counted>()
  private conditions = 0

  constructor(asking: Asking, sides: Counting['sides']) {
    this.asking = asking
    this.sides = sides
  }

  segment(foreseen: Foreseen, detail?: 'with conditions'): Reading {
    if (foreseen.because.length === 0) return () => null
    const read = this.known.get(foreseen.key) ?? this.ask(foreseen)
    this.known.set(foreseen.key, read)
    const conditions = detail ? this.askConditions(foreseen) : () => []
    return (counted) => counted! && { ...read(counted), conditions: conditions(counted) }
  }

  private ask({ key, before, decision }: Foreseen): (counted: Tally) => Counted {
    const { asking, sides } = this
    const [was, is] = [
      before === undefined ? undefined : sides.before.meaning(before),
      decision.action === 'archive' ? undefined : sides.after.meaning(key),
    ]
    const [old, fresh] = [was && asking.add(was), is && asking.add(is)]
    const all = (position: number | undefined) =>
      position === undefined ? () => null : asking.ask({ all: [position] })
    const gone = (position: number | undefined, but: number | undefined) =>
      position === undefined
        ? () => ({ count: 0, sample: [] })
        : asking.ask({ all: [position], none: but === undefined ? [] : [but], named: true })
    const [now, after, enter, leave] = [all(old), all(fresh), gone(fresh, old), gone(old, fresh)]
    return (counted) => {
      const members = after(counted)?.count ?? null
      return {
        now: now(counted)?.count ?? null,
        after: members,
        size: members === null ? null : sizeWord(members, counted.leads),
        enter: enter(counted),
        leave: leave(counted),
        conditions: [],
      }
    }
  }

  private askConditions({ key, before, decision }: Foreseen): (counted: Tally) => PlannedCondition[] {
    const { sides } = this
    if (decision.action === 'archive') return () => []
    const fresh = linesOf(sides.after.parts(key))
    const old = before === undefined ? [] : linesOf(sides.before.parts(before))
    const gone = old.filter((row) => !fresh.some(({ text }) => text === row.text)).map(alone)
    this.conditions += fresh.length + gone.length
    if (this.conditions > mostConditions) return () => []
    const [reading, leaving] = [this.asking.parts(fresh), this.asking.parts(gone)]
    const isNew = ({ text }: CountedPart) => before !== undefined && !old.some((row) => row.text === text)
    return (counted) => [
      ...leaving(counted).map((part) => ({ ...part, sign: '-' as const })),
      ...reading(counted).map((part) => ({ ...part, sign: isNew(part) ? ('+' as const) : (' ' as const) })),
    ]
  }
}

const linesOf = (part: Part | undefined): PartRow[] => (part ? rowsOf(part) : [])

/** What goes is counted alone: nobody asks how many it leaves. */
const alone = ({ step: _, ...row }: PartRow): PartRow => ({ ...row, depth: 0, kind: 'condition' })
