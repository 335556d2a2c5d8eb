import { nearest } from './catalog.ts'
import type { Context } from './condition.ts'

/** The segment that a node refers to, by its key and its meaning; undefined if it has none, which is then reported. */
export function segmentNamed(
  node: { readonly key: string },
  context: Context,
): { readonly key: string; readonly meaning: string } | undefined {
  const { segments } = context.catalog
  const { key } = node
  const segment = segments.get(key)
  if (!segment) {
    const meant = nearest(key, segments.keys())
    const hint = meant ? `Did you mean "${meant}"?` : undefined
    context.report(node, 'UNKNOWN_SEGMENT', `There is no segment "${key}".`, { hint })
    return undefined
  }
  if (segment.cycle) {
    const way = segment.cycle.map((each) => `"${each}"`).join(' → ')
    context.report(node, 'SEGMENT_CYCLE', `Segments refer to each other in a circle: ${way}.`, {
      hint: 'Take one of these references away.',
    })
    return undefined
  }
  if (!segment.predicate || segment.fingerprint === undefined) {
    context.report(node, 'SEGMENT_BROKEN', `Segment "${key}" is broken, and so is what refers to it.`, {
      hint: `Mend the definition of "${key}" first.`,
    })
    return undefined
  }
  return { key, meaning: segment.fingerprint }
}
