import { z } from 'zod'
import { nearest } from '../catalog.ts'
import { condition } from '../condition.ts'
import { name } from '../definition.ts'
import { nobody, test } from '../ir.ts'

const shape = z.strictObject({ kind: z.literal('in_segment'), key: name })

export const inSegment = condition<z.infer<typeof shape>>({
  kind: 'in_segment',
  meaning: 'The lead is in another segment as of the same instant, as that segment is defined now.',
  missing: 'A lead is in a segment or it is not; nothing can be missing.',
  shape,
  syntax: `
in_segment
  = 'in' end _ 'segment' end _ key:string { return node({ kind: 'in_segment', key }) }
`,
  print: (node) => `in segment ${JSON.stringify(node.key)}`,
  lower(node, context) {
    const { segments } = context.catalog
    const segment = segments.get(node.key)
    if (!segment) {
      const meant = nearest(node.key, segments.keys())
      context.report(node, 'UNKNOWN_SEGMENT', `There is no segment "${node.key}".`, {
        hint: meant ? `Did you mean "${meant}"?` : undefined,
      })
      return nobody
    }
    if (segment.cycle) {
      const way = segment.cycle.map((key) => `"${key}"`).join(' → ')
      context.report(node, 'SEGMENT_CYCLE', `Segments refer to each other in a circle: ${way}.`, {
        hint: 'Take one of these references away.',
      })
      return nobody
    }
    if (!segment.predicate || segment.fingerprint === undefined) {
      context.report(
        node,
        'SEGMENT_BROKEN',
        `Segment "${node.key}" is broken, and so is what refers to it.`,
        {
          hint: `Mend the definition of "${node.key}" first.`,
        },
      )
      return nobody
    }
    return test(
      { kind: 'segment', key: node.key, meaning: segment.fingerprint },
      { op: '=', to: { type: 'boolean', value: true } },
    )
  },
  say: (node) => `in segment ${node.key}`,
  examples: ['in segment "customers"', 'in segment "hot"', 'not in segment "customers"'],
})
