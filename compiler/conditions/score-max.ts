import { z } from 'zod'
import { lowerComparison, printComparison, sayComparison } from '../comparison.ts'
import { condition } from '../condition.ts'
import { comparison, duration, name } from '../definition.ts'
import { nobody } from '../ir.ts'
import { sayDuration, since } from '../period.ts'
import { sayPoints } from '../phrase.ts'
import { printOf, sayOf, scoreIn } from '../score-name.ts'
import { printDuration } from '../time.ts'

const shape = z.strictObject({
  kind: z.literal('score_max'),
  of: name.optional(),
  within: duration.optional(),
  is: comparison,
})

export const scoreMax = condition<z.infer<typeof shape>>({
  kind: 'score_max',
  meaning:
    'The most points of a score so far compares as said: ever or within a time, at the ends of UTC days that runs recorded, and as of asOf.',
  missing: 'It is never missing: where nothing was recorded yet, it is the score as of asOf.',
  shape,
  syntax: `
score_max
  = 'max' end _ of:scoreName? 'score' end _ within:(@within _)? is:comparison
    { return node({ kind: 'score_max', ...of, ...(within ? { within } : {}), is }) }
`,
  print: (node) =>
    `max ${printOf(node)}score ${node.within ? `within ${printDuration(node.within)} ` : ''}${printComparison(node.is)}`,
  lower(node, context) {
    const found = scoreIn(node, context)
    if (!found) return nobody
    const from = node.within ? { from: since(node, node.within, context) } : {}
    return lowerComparison(
      {
        ...{ node, label: 'The greatest score', type: 'number' },
        subject: () => ({ kind: 'score_max', score: found.name, ...from }),
      },
      node.is,
      context,
    )
  },
  say: (node) => `greatest ${sayOf(node)}score${sayWithin(node)} ${sayComparison(node.is)}`,
  tell: (node, { features: [points], value }) =>
    `greatest ${sayOf(node)}score ${sayPoints((points && value(points)) ?? '0')}${sayWithin(node)}`,
  examples: [
    'max score >= 50',
    'max score < 25',
    'max score within 90 days >= 50',
    'max score within 1 month between 25 and 50',
    'max fit score >= 10.5',
    'max account score within 30 days > 60',
  ],
})

const sayWithin = ({ within }: z.infer<typeof shape>): string =>
  within ? ` in the last ${sayDuration(within)}` : ''
