import { type Reader, readCatalog } from './catalog.ts'
import { compileStored, type StoredMeaning, scoredCatalog } from './compiled.ts'
import { readScoring } from './decide.ts'
import { eventsNamed, isNamed, type Mention, mentionsOf, namesEvent } from './mentions.ts'

/** Which segments name what. Those that can't be compiled are left out: what they name isn't known. */
export type Naming = {
  /** With a path: what lies there, or deeper. */
  attribute(of: 'lead' | 'account', name: string, path?: readonly string[]): string[]
  event(type: string): string[]
  property(type: string, name: string, path?: readonly string[]): string[]
  /** Names of the scores that have a rule for it. */
  scored(type: string): string[]
  alias(name: string): string[]
  score(name: string): string[]
}

export async function readNaming(database: Reader): Promise<Naming> {
  const catalog = await readCatalog(database, [])
  const stored = await compileStored(database, catalog)
  const { scores } = scoredCatalog(await readScoring(database), catalog)
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
    event: (type) => keys((each) => isOf(each, type)),
    scored: (type) =>
      scores.flatMap(({ name, rules }) => {
        const named = rules.flatMap((rule) => (rule.kind === 'events' ? eventsNamed(rule.events) : []))
        return named.some((each) => isOf(each, type)) ? [name] : []
      }),
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

const isOf = (mention: Mention, type: string): boolean =>
  (mention.kind === 'event' && mention.type === type) ||
  (mention.kind === 'events' && type.startsWith(mention.prefix))
