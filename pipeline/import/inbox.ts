import type { Database } from '../engine.ts'

export async function drainInboxes(
  _database: Database,
  _options: { timezone: string },
): Promise<{ read: number } | undefined> {
  return undefined
}
