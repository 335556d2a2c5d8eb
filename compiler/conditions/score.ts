import { z } from 'zod'
import { lowerComparison, printComparison, sayComparison } from '../comparison.ts'
import { condition } from '../condition.ts'
import { comparison, name } from '../definition.ts'
import { nobody } from '../ir.ts'
import { sayPoints } from '../phrase.ts'
import { printOf, sayOf, scoreIn, scoreNameSyntax } from '../score-name.ts'

const shape = z.strictObject({ kind: z.literal('score'), of: name.optional(), is: comparison })

export const score = condition<z.infer<typeof shape>>({
  kind: 'score',
  meaning:
    'A score as of asOf compares as said with a number: the one called engagement, or the one named in front.',
  missing: 'A lead that no rule gives points has a score of 0.',
  shape,
  syntax: `
score
  = of:scoreName? 'score' end _ is:comparison { return node({ kind: 'score', ...of, is }) }
${scoreNameSyntax}`,
  print: (node) => `${printOf(node)}score ${printComparison(node.is)}`,
  lower(node, context) {
    const found = scoreIn(node, context)
    if (!found) return nobody
    const label = node.of === undefined ? 'The score' : `The score "${node.of}"`
    return lowerComparison(
      { node, label, type: 'number', subject: () => ({ kind: 'score', score: found.name }) },
      node.is,
      context,
    )
  },
  say: (node) => `${sayOf(node)}score ${sayComparison(node.is)}`,
  tell: (node, { features: [points], value }) =>
    `${sayOf(node)}score ${sayPoints((points && value(points)) ?? '0')}`,
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
    'fit score >= 20',
    'fit score < 0',
    'account score between 1 and 50',
    'account score != 0',
  ],
})
