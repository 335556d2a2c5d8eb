import type { Definition } from './definition.ts'

/** The keys of the segments that a definition refers to, each once. */
export function referencesOf(definition: Definition): string[] {
  const found = new Set<string>()
  const visit = (value: unknown): void => {
    if (value === null || typeof value !== 'object') return
    const { kind, key } = value as { kind?: unknown; key?: unknown }
    if (kind === 'in_segment' && typeof key === 'string') found.add(key)
    for (const each of Object.values(value)) visit(each)
  }
  visit(definition)
  return [...found].sort()
}
