import { z } from 'zod'
import { condition } from '../condition.ts'
import { name } from '../definition.ts'
import { nobody } from '../ir.ts'
import { period, printPeriod, sayPeriod, seenInPeriod } from '../period.ts'
import { sayAgo } from '../phrase.ts'
import { printOf, sayOf, scoreIn } from '../score-name.ts'
import { levelIn, printLevel } from './level.ts'

const shape = z.strictObject({
  kind: z.literal('level_entered'),
  of: name.optional(),
  level: name,
  when: period,
})

export const levelEntered = condition<z.infer<typeof shape>>({
  kind: 'level_entered',
  meaning:
    'A score last rose or fell to a level in a period: at the end of a UTC day that runs recorded, or as of asOf.',
  missing: 'A lead whose score never came to the level from another one did not enter it.',
  shape,
  syntax: `
level_entered
  = 'entered' end _ of:scoreName? 'level' end _ level:levelName _ when:period
    { return node({ kind: 'level_entered', ...of, level, when }) }
`,
  print: (node) => `entered ${printOf(node)}level ${printLevel(node.level)} ${printPeriod(node.when)}`,
  lower(node, context) {
    const found = scoreIn(node, context)
    if (!found || levelIn(node, node.level, found, context) < 0) return nobody
    const subject = { kind: 'level_entered', score: found.name, level: node.level } as const
    return seenInPeriod(subject, node.when, node, context)
  },
  say: (node) => `came to ${sayOf(node)}level ${node.level} ${sayPeriod(node.when)}`,
  tell(node, seen) {
    const [entered] = seen.features
    const at = entered ? seen.value(entered) : null
    const level = `${sayOf(node)}level ${node.level}`
    return at === null ? `never came to ${level}` : `came to ${level} ${sayAgo(at, seen)}`
  },
  examples: [
    'entered level hot within 7 days',
    'entered level "very hot" within 30 days',
    'entered level cold more than 14 days ago',
    'entered fit level good this month',
    'entered account level busy since "2026-01-01"',
  ],
})
