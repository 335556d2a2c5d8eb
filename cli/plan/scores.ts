import type { Plan } from '../../pipeline/plan.ts'
import type { PlannedScore } from '../../pipeline/planned/scores.ts'
import { rebuilding } from '../../pipeline/score-past.ts'
import { type Column, renderTable } from '../table.ts'
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

/** How many leads go from which level to which; undefined where nobody goes, or there is but one side. */
export function scoreMatrix({
  before,
  after,
  levels,
  level_change: moving,
}: PlannedScore): Matrix | undefined {
  if (before.length === 0 || after.length === 0 || moving === 0) return undefined
  const count = (from: string, to: string) =>
    levels.find((move) => move.from === from && move.to === to)?.leads ?? 0
  return {
    heads: ['now', ...after.map((to) => `→ ${printable(to)}`)],
    rows: before.map((from) => ({ from: printable(from), counts: after.map((to) => count(from, to)) })),
  }
}
type Matrix = { readonly heads: string[]; readonly rows: { from: string; counts: number[] }[] }

/** The same for a terminal. */
export function matrixLines(score: PlannedScore, width: number): string[] {
  const matrix = scoreMatrix(score)
  if (!matrix) return []
  const columns = matrix.heads.map((title, index): Column => {
    return { name: String(index), title, ...(index > 0 ? { kind: 'count' } : {}) }
  })
  const rows = matrix.rows.map(({ from, counts }) => Object.fromEntries([from, ...counts].entries()))
  return renderTable(columns, rows, width)
}

/** What may become of the past. */
export const offer = ({ recorded }: Scores): string | undefined =>
  recorded
    ? 'Scores as recorded stay, and the new rules begin with the next run; `tideline apply --scores rebuild` says that the past is to follow, and how.'
    : undefined

/** What was chosen for the past and is still to be done, and the command that does it. */
export const due = ({ rebuild }: Plan): { said: string; command: string } | undefined =>
  rebuild
    ? {
        said: 'The past was to follow the rules of scoring.yaml, and does not yet. This does it:',
        command: rebuilding(rebuild),
      }
    : undefined
