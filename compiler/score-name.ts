import { type CatalogScore, nearest } from './catalog.ts'
import { micropoints } from './compare.ts'
import { printName } from './comparison.ts'
import type { Context } from './condition.ts'

/** The score that is meant where no other is named. */
export const mainScore = 'engagement'

/** Words that mean something else in front of `score` and `level`: a score of such a name stands in backquotes. */
const taken = new Set(['max', 'entered', 'level', 'score'])

/** `fit score`, `fit level`: the name of a score in front of a word, or nothing for the main one. */
export const scoreNameSyntax = `
scoreName
  = !(('max' / 'entered' / 'level' / 'score') end) of:name _ { return { of } }
`

export type OfScore = { readonly of?: string | undefined }

export const printOf = ({ of }: OfScore): string => (of === undefined ? '' : `${printName(of, taken)} `)

/** In words: "fit score". Without a name it is just the score. */
export const sayOf = ({ of }: OfScore): string => (of === undefined ? '' : `${of.replaceAll('_', ' ')} `)

/** The last one whose bound is reached; what lies below the first has the first. Null without levels. */
export const levelAt = ({ levels }: Pick<CatalogScore, 'levels'>, points: bigint): string | null =>
  (levels.findLast(({ from }) => points >= BigInt(micropoints(from))) ?? levels[0])?.name ?? null

/** The score that a condition means; what is wrong with it is reported. */
export function scoreIn(node: OfScore & object, context: Context): CatalogScore | undefined {
  const { scores } = context.catalog
  const wanted = node.of ?? mainScore
  const found = scores.find(({ name }) => name === wanted)
  if (found?.broken === undefined && found) return found
  if (found) {
    context.report(node, 'SCORE_BROKEN', `The score "${wanted}" can't be computed: ${found.broken}`, {
      hint: 'Mend its rules in scoring.yaml.',
    })
    return undefined
  }
  const names = scores.map(({ name }) => name)
  const meant = nearest(wanted, node.of === undefined ? names : [...names, ...taken])
  context.report(node, 'UNKNOWN_SCORE', `There is no score "${wanted}" in scoring.yaml.`, {
    hint: meant
      ? hintFor(node, meant)
      : `Give event types points there: scores: { ${printName(wanted)}: { points: { page_view: 1 } } }.`,
  })
  return undefined
}

const hintFor = ({ of }: OfScore, meant: string): string =>
  of === undefined
    ? `There is one called ${printName(meant)}; \`score\` means the one called ${mainScore}.`
    : `Did you mean "${meant}"?`
