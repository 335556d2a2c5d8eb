import type { Definition } from './definition.ts'

/** Conditions on other segments: on who is in them, and on what is recorded of them. */
const referring = new Set<unknown>(['in_segment', 'was_in_segment', 'segment_change'])

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
