import { z } from 'zod'
import { lowerComparison, printScalar } from '../comparison.ts'
import { condition } from '../condition.ts'
import { duration, name, number } from '../definition.ts'
import { nobody } from '../ir.ts'
import { sayDuration, since } from '../period.ts'
import { sayChange } from '../phrase.ts'
import { printOf, sayOf, scoreIn } from '../score-name.ts'
import { printDuration } from '../time.ts'

const shape = z.strictObject({
  kind: z.literal('score_change'),
  of: name.optional(),
  is: z.enum(['rose', 'fell']),
  by: number,
  within: duration,
})

export const scoreChange = condition<z.infer<typeof shape>>({
  kind: 'score_change',
  meaning:
    'A score as of asOf is by so many points, or more, higher (or lower) than it was such a time before.',
  missing: 'Before a lead was there it had a score of 0.',
  shape,
  syntax: `
score_change
  = of:scoreName? 'score' end _ is:score_changed end _ 'by' end _ 'at' end _ 'least' end _ by:number _ within:within
    { return node({ kind: 'score_change', ...of, is, by, within }) }
score_changed
  = 'rose' / 'fell'
`,
  print: (node) =>
    `${printOf(node)}score ${node.is} by at least ${printScalar(node.by)} within ${printDuration(node.within)}`,
  lower(node, context) {
    const found = scoreIn(node, context)
    if (!found) return nobody
    if (!/[1-9]/.test(node.by.number) || node.by.number.startsWith('-')) {
      const message = `By ${node.by.number} points a score neither rises nor falls.`
      context.report(node, 'BAD_RANGE', message, { hint: 'Say by how many points, above 0.' })
      return nobody
    }
    const from = since(node, node.within, context)
    const rose = node.is === 'rose'
    const number = rose ? node.by.number : `-${node.by.number}`
    return lowerComparison(
      {
        ...{ node, label: 'The change of the score', type: 'number' },
        subject: () => ({ kind: 'score_change', score: found.name, since: from }),
      },
      { op: rose ? '>=' : '<=', value: { number } },
      context,
    )
  },
  say: (node) =>
    `${sayOf(node)}score ${node.is} by at least ${printScalar(node.by)} in the last ${sayDuration(node.within)}`,
  tell(node, { features: [change], value }) {
    const seen = (change && value(change)) ?? '0'
    const moved = seen === '0' ? 'unchanged' : seen.startsWith('-') ? 'down by' : 'up by'
    const points = seen === '0' ? '' : ` ${sayChange(seen.replace('-', ''))}`
    return `${sayOf(node)}score ${moved}${points} in the last ${sayDuration(node.within)}`
  },
  examples: [
    'score rose by at least 10 within 7 days',
    'score rose by at least 0.000001 within 1 month',
    'score fell by at least 10 within 30 days',
    'fit score rose by at least 5 within 30 days',
    'account score fell by at least 1 within 2 weeks',
  ],
})
