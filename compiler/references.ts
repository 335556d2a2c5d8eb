import type { Definition } from './definition.ts'

/** Conditions on other segments: on who is in them, and on what is recorded of them. */
const referring = new Set<unknown>(['in_segment', 'was_in_segment', 'segment_change'])

/** A definition in its JSON form with other keys for segments that it refers to. */
export function withKeys(tree: unknown, keys: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(tree)) return tree.map((each) => withKeys(each, keys))
  if (tree === null || typeof tree !== 'object') return tree
  const { kind, key } = tree as { kind?: unknown; key?: unknown }
  const renamed = referring.has(kind) && typeof key === 'string' ? keys.get(key) : undefined
  const fields = Object.entries(tree).map(([name, value]) => [name, withKeys(value, keys)])
  return { ...Object.fromEntries(fields), ...(renamed === undefined ? {} : { key: renamed }) }
}

/** The keys of the segments that a definition refers to, each once. */
export function referencesOf(definition: Definition): string[] {
  const found = new Set<string>()
  const visit = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return
    const { kind, key } = value as { kind?: unknown; key?: unknown }
    if (referring.has(kind) && typeof key === 'string') found.add(key)
    for (const each of Object.values(value)) visit(each)
  }
  visit(definition)
  return [...found].sort()
}
