import type { Plan } from '../../pipeline/plan.ts'
import type { PlannedScore, Recorded } from '../../pipeline/planned/scores.ts'
import type { Column, Row } from '../table.ts'
import { plural, printable } from '../values.ts'
import { number } from './words.ts'

type Scores = NonNullable<Plan['scores']>

/** `engagement: of 10 leads 3 get other points, 1 another level`. */
export function scoreLine({ score, action, ...planned }: PlannedScore, leads: number): string {
  const name = printable(score)
  if (action === 'create') return `${name} is new`
  if (action === 'drop') return `${name} is gone`
  const { points_change: points, level_change: level } = planned
  const hasLevels = planned.before.length + planned.after.length > 0
  return `${name}: of ${plural(leads, 'lead')} ${number(points)} get other points${
    hasLevels ? `, ${number(level)} another level` : ''
  }`
}

/** From which level to which; no table where there is but one side. */
export function scoreMatrix({ before, after, levels }: PlannedScore): { columns: Column[]; rows: Row[] } {
  const count = (from: string, to: string) =>
    levels.find((move) => move.from === from && move.to === to)?.leads ?? 0
  if (before.length === 0 || after.length === 0) return { columns: [], rows: [] }
  return {
    columns: [
      { name: 'now', title: 'NOW' },
      ...after.map((to, index): Column => {
        return { name: `to_${index}`, title: `→ ${printable(to)}`, kind: 'count' }
      }),
    ],
    rows: before.map((from) => ({
      now: printable(from),
      ...Object.fromEntries(after.map((to, index) => [`to_${index}`, count(from, to)])),
    })),
  }
}

/** What may become of the past. */
export const offer = ({ recorded }: Scores): string | undefined =>
  recorded
    ? 'Scores as recorded stay, and the new rules begin with the next run; `tideline apply --scores rebuild` says that the past is to follow, and how.'
    : undefined

export const rebuilding = ({ from, until }: Recorded): string =>
  `tideline backfill --from ${from} --to ${until}`
