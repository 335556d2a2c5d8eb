import { type Alias, type Catalog, compileAlias, isError } from '../compiler/index.ts'
import type { AliasSource, Finding } from './project/sources.ts'

export type CompiledAliases = {
  readonly aliases: ReadonlyMap<string, Alias>
  readonly findings: readonly Finding[]
}

/**
 * What the aliases of events.yaml stand for, in a catalog whose event types are those that events.yaml says. One that
 * is wrong is broken, and so is what names it.
 */
export function compileAliases(
  sources: readonly AliasSource[],
  catalog: Catalog,
  zone: string,
): CompiledAliases {
  const aliases = new Map<string, Alias>()
  const findings: Finding[] = []
  const names = new Set(sources.map(({ name }) => name))
  for (const source of sources) {
    const { name, text, locate } = source
    const refuse = (message: string, hint: string) =>
      findings.push({ ...locate({}), severity: 'error', code: 'BAD_ALIAS', message, hint })
    if (catalog.events.has(name)) {
      refuse(
        `"${name}" is an event type, so it can't be the name of an alias as well.`,
        'Choose another name for the alias: a definition would not show which of the two it means.',
      )
      continue
    }
    const { alias, diagnostics } = compileAlias(text, catalog, zone)
    const other =
      alias && 'only' in alias.types
        ? alias.types.only.find((type) => names.has(type) && !catalog.events.has(type))
        : undefined
    if (other !== undefined) {
      const message = `"${other}" is an alias, and an alias can't stand for another.`
      refuse(message, 'Name event types here.')
      aliases.set(name, brokenBy(message))
      continue
    }
    for (const each of diagnostics) {
      const { code, severity, message, hint, unknown } = each
      findings.push({ ...locate(each), code, severity, message, hint, unknown })
    }
    aliases.set(name, alias ?? brokenBy(diagnostics.find(isError)?.message))
  }
  return { aliases, findings }
}

const brokenBy = (broken = 'it is not understood.'): Alias => {
  return { types: { only: [] }, where: { kind: 'all', of: [] }, broken }
}

/** The same for what is stored: an alias that no longer compiles is broken, and so is what names it. */
export function storedAliases(
  stored: readonly { readonly name: string; readonly definition: string; readonly zone: string }[],
  catalog: Catalog,
): Map<string, Alias> {
  return new Map(
    stored.map(({ name, definition, zone }) => {
      const { alias, diagnostics } = compileAlias(definition, catalog, zone)
      return [name, alias ?? brokenBy(diagnostics.find(isError)?.message)]
    }),
  )
}
