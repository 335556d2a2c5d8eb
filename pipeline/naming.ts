import { readCatalog } from './catalog.ts'
import { compileStored, type StoredMeaning } from './compiled.ts'
import type { Database } from './engine.ts'
import { isNamed, type Mention, mentionsOf, namesEvent } from './mentions.ts'

/** Which segments name what. Those that can't be compiled are left out: what they name isn't known. */
export type Naming = {
  /** With a path: what lies there, or deeper. */
  attribute(of: 'lead' | 'account', name: string, path?: readonly string[]): string[]
  event(type: string): string[]
  property(type: string, name: string, path?: readonly string[]): string[]
  alias(name: string): string[]
  score(name: string): string[]
}

export async function readNaming(database: Database): Promise<Naming> {
  const stored = await compileStored(database, await readCatalog(database, []))
  const mentions = stored.map((segment) => ({
    segment,
    names: segment.predicate ? mentionsOf(segment.predicate) : [],
  }))
  const keys = (wanted: (mention: Mention, segment: StoredMeaning) => boolean): string[] =>
    mentions
      .filter(({ segment, names }) => names.some((name) => wanted(name, segment)))
      .map(({ segment }) => segment.key)
  return {
    attribute: (of, name, path) =>
      keys(
        (each) =>
          each.kind === 'attribute' && each.of === of && each.name === name && leadsTo(path, each.path),
      ),
    event: (type) =>
      keys(
        (each) =>
          (each.kind === 'event' && each.type === type) ||
          (each.kind === 'events' && type.startsWith(each.prefix)),
      ),
    property: (type, name, path) =>
      keys(
        (each) =>
          each.kind === 'property' &&
          each.name === name &&
          isNamed(each.of, type) &&
          leadsTo(path, each.path),
      ),
    alias: (name) => stored.filter(({ tree }) => namesEvent(tree, name)).map(({ key }) => key),
    score: (name) => keys((each) => each.kind === 'score' && each.name === name),
  }
}

const leadsTo = (path: readonly string[] = [], named: readonly string[]): boolean =>
  path.every((key, index) => named[index] === key)
