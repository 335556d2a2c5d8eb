import { z } from 'zod'
import { condition } from '../condition.ts'
import { name } from '../definition.ts'
import { nobody, test } from '../ir.ts'
import { lowerPeriod, period, printPeriod, sayPeriod } from '../period.ts'
import { segmentNamed } from '../segment-named.ts'

const shape = z.strictObject({ kind: z.literal('was_in_segment'), key: name, when: period.optional() })

export const wasInSegment = condition<z.infer<typeof shape>>({
  kind: 'was_in_segment',
  meaning:
    'The lead was in another segment at any time in a period (ever, if none is said), as runs recorded it; as of asOf counts.',
  missing: 'What no run looked at is not recorded: the lead was not in the segment then.',
  shape,
  syntax: `
was_in_segment
  = 'was' end _ 'in' end _ 'segment' end _ key:string when:(_ @period)?
    { return node({ kind: 'was_in_segment', key, ...(when ? { when } : {}) }) }
`,
  print: (node) =>
    `was in segment ${JSON.stringify(node.key)}${node.when ? ` ${printPeriod(node.when)}` : ''}`,
  lower(node, context) {
    const segment = segmentNamed(node, context)
    if (!segment) return nobody
    const { key, meaning } = segment
    const window = node.when ? lowerPeriod(node, node.when, context) : {}
    return test(
      { kind: 'inside', segment: key, meaning, ...window },
      { op: '=', to: { type: 'boolean', value: true } },
    )
  },
  say: (node) => `was in segment ${node.key} ${node.when ? sayPeriod(node.when) : 'at any time'}`,
  tell: (node, { holds }) => {
    const when = node.when ? ` ${sayPeriod(node.when)}` : ''
    return `was ${holds ? '' : node.when ? 'not ' : 'never '}in segment ${node.key}${when}`
  },
  examples: [
    'was in segment "hot"',
    'not was in segment "customers"',
    'was in segment "hot" within 30 days',
    'was in segment "picked" within 7 days',
    'was in segment "reached" within 0 days',
    'was in segment "hot" more than 7 days ago',
    'was in segment "hot" between 60 and 30 days ago',
    'was in segment "customers" between 2 months and 3 days ago',
    'was in segment "hot" on "2026-01-01"',
    'was in segment "hot" on "2026-03-01 12:00"',
    'was in segment "hot" since "2026-02-01"',
    'was in segment "customers" before "2026-03-01"',
    'was in segment "hot" between "2026-02-01" and "2026-03-01"',
    'was in segment "hot" last month',
    'was in segment "customers" today',
  ],
})
