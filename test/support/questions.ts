import * as fc from 'fast-check'
import { compile } from '../../compiler/compile.ts'
import type { Definition } from '../../compiler/definition.ts'
import { not } from '../../compiler/ir.ts'
import { normalizePredicate } from '../../compiler/normalize.ts'
import { print } from '../../compiler/parse.ts'
import type { Case } from './agreement.ts'
import type { Question } from './engines.ts'
import { definitions } from './generated.ts'
import { catalog, worlds } from './world.ts'

/** Each definition, plain and negated. */
export function questionsOf(asked: readonly Definition[], zone: string): Question[] {
  return asked.flatMap((definition) => {
    const text = print(definition)
    const { predicate, diagnostics } = compile(definition, catalog, zone)
    if (!predicate) throw new Error(`${text}: ${JSON.stringify(diagnostics)}`)
    const negated = { kind: 'not', of: definition } as const
    return [
      { definition, text, predicate },
      { definition: negated, text: `not (${text})`, predicate: normalizePredicate(not(predicate)) },
    ]
  })
}

/** Whatever a definition can say, plain and negated. */
export const definitionCases = (perWorld: number, among = worlds): fc.Arbitrary<Case> =>
  fc
    .tuple(among, fc.array(definitions, { minLength: perWorld / 2, maxLength: perWorld / 2 }))
    .map(([world, found]) => {
      // Some days of the calendar end with it in one zone and not in another.
      const meant = found.filter((each) => compile(each, catalog, world.zone).predicate)
      return { world, questions: questionsOf(meant, world.zone) }
    })
