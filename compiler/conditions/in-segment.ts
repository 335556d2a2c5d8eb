import { z } from 'zod'
import { condition } from '../condition.ts'
import { duration, name } from '../definition.ts'
import { nobody, test } from '../ir.ts'
import { inWindow, since } from '../period.ts'
import { sayLength } from '../phrase.ts'
import { segmentNamed } from '../segment-named.ts'
import { printDuration } from '../time.ts'

const shape = z.strictObject({ kind: z.literal('in_segment'), key: name, for: duration.optional() })

export const inSegment = condition<z.infer<typeof shape>>({
  kind: 'in_segment',
  meaning:
    'The lead is in another segment as of the same instant, as that segment is defined now; or has been without a break since a time ago, as runs recorded it.',
  missing: 'A lead is in a segment or it is not; nothing can be missing.',
  shape,
  syntax: `
in_segment
  = 'in' end _ 'segment' end _ key:string length:(_ @forAtLeast)?
    { return node({ kind: 'in_segment', key, ...(length ? { for: length } : {}) }) }
forAtLeast
  = 'for' end _ 'at' end _ 'least' end _ @duration
`,
  print: (node) => `in segment ${JSON.stringify(node.key)}${printFor(node.for)}`,
  lower(node, context) {
    const segment = segmentNamed(node, context)
    if (!segment) return nobody
    const { key, meaning } = segment
    if (!node.for) {
      return test({ kind: 'segment', key, meaning }, { op: '=', to: { type: 'boolean', value: true } })
    }
    const entered = { kind: 'recorded', segment: key, meaning, figure: 'since' } as const
    return inWindow(entered, { to: since(node, node.for, context) })
  },
  say: (node) => `in segment ${node.key}${printFor(node.for)}`,
  tell(node, seen) {
    const [feature] = seen.features
    if (feature?.kind !== 'recorded') return `${seen.holds ? '' : 'not '}in segment ${node.key}`
    const since = seen.value(feature)
    if (since === null) return `not in segment ${node.key}`
    return `in segment ${node.key} for ${sayLength(since, seen) ?? 'no time yet'}`
  },
  examples: [
    'in segment "customers"',
    'in segment "hot"',
    'in segment "picked"',
    'in segment "webinar"',
    'not in segment "customers"',
    'in segment "hot" for at least 30 days',
    'in segment "reached" for at least 1 month',
    'in segment "customers" for at least 0 days',
  ],
})

export const printFor = (length: z.infer<typeof duration> | undefined): string =>
  length ? ` for at least ${printDuration(length)}` : ''
