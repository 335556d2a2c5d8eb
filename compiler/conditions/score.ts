import { z } from 'zod'
import { nearest } from '../catalog.ts'
import { lowerComparison, printComparison, printName, sayComparison } from '../comparison.ts'
import { condition } from '../condition.ts'
import { comparison } from '../definition.ts'
import { nobody } from '../ir.ts'

const shape = z.strictObject({ kind: z.literal('score'), is: comparison })

/** The score that `score` means where no other is named. */
export const mainScore = 'engagement'

export const score = condition<z.infer<typeof shape>>({
  kind: 'score',
  meaning: 'The engagement score as of asOf compares as said with a number.',
  missing: 'A lead without events that earn points has a score of 0.',
  shape,
  syntax: `
score
  = 'score' end _ is:comparison { return node({ kind: 'score', is }) }
`,
  print: (node) => `score ${printComparison(node.is)}`,
  lower(node, context) {
    if (!context.catalog.scores.includes(mainScore)) {
      const meant = nearest(mainScore, context.catalog.scores)
      context.report(node, 'UNKNOWN_SCORE', `There is no score "${mainScore}" in scoring.yaml.`, {
        hint: meant
          ? `There is one called ${printName(meant)}; \`score\` means the one called ${mainScore}.`
          : 'Give event types points there: scores: { engagement: { points: { page_view: 1 } } }.',
      })
      return nobody
    }
    return lowerComparison(
      { node, label: 'The score', type: 'number', subject: () => ({ kind: 'score', score: mainScore }) },
      node.is,
      context,
    )
  },
  say: (node) => `score ${sayComparison(node.is)}`,
  examples: [
    'score >= 50',
    'score < 25',
    'score between 25 and 49.999999',
    'score = 0',
    'score != 0',
    'score <= 7.5',
    'score in (0, 7, 51)',
    'score not in (0, 25)',
    'score is known',
  ],
})
