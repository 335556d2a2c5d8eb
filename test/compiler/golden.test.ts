import { expect, test } from 'vitest'
import { compile } from '../../compiler/compile.ts'
import { conditions } from '../../compiler/conditions/index.ts'
import { dialects } from '../../compiler/dialects/index.ts'
import { emit } from '../../compiler/emit.ts'
import type { Predicate, Score } from '../../compiler/ir.ts'
import { say } from '../../compiler/parse.ts'
import { plan } from '../../compiler/plan.ts'
import { pointsFor } from '../support/scores.ts'
import { catalog, scores, segments } from '../support/world.ts'

const points = [pointsFor('page_view', '1000000'), pointsFor('trial_signup', '25000000')]
const { levels } = scores[0]!
const few: readonly Score[] = [{ name: 'engagement', rules: points, levels }, ...scores.slice(1)]
const seen = { asOf: '2026-03-01T00:00:00.000000Z', horizon: '1000' }

/** One page per condition, to be read in a review. That the SQL is right is shown by matrix.test.ts, which runs it. */
test.each(conditions.map((condition) => [condition.kind, condition] as const))(
  '%s',
  async (kind, condition) => {
    const examples = some(condition.examples).map((text) => page(text))
    const title = `# ${kind.replaceAll('_', ' ')}\n\n${condition.meaning} ${condition.missing}\n`
    await expect([title, ...examples].join('\n')).toMatchFileSnapshot(`../golden/${kind}.md`)
  },
)

/** Four at most, from the first to the last. */
function some(examples: readonly string[]): string[] {
  const last = examples.length - 1
  const chosen = new Set([0, 1, 2, 3].map((step) => Math.round((step * last) / 3)))
  return [...chosen].map((position) => examples[position]!)
}

/** The scores that a definition reads, and what these are made of. */
function namesIn(predicate: Predicate): Set<string> {
  const text = JSON.stringify(predicate)
  const names = new Set([...text.matchAll(/"score":"([^"]+)"/g)].map(([, name]) => name!))
  return names.has('account') || /"(key|segment)":/.test(text) ? names.add('engagement') : names
}

function page(text: string): string {
  const { definition, predicate } = compile(text, catalog)
  const names = namesIn(predicate!)
  const read = few.filter(({ name }) => names.has(name))
  const queryPlan = plan([{ key: 'example', predicate: predicate! }], read, segments)
  const statements = Object.values(dialects).map((dialect) => {
    const { sql, parameters } = emit(queryPlan, dialect, seen)
    const values = parameters.map((value, index) => `-- $${index + 1} ${JSON.stringify(value)}`)
    return `### ${dialect.name}\n\n\`\`\`sql\n${sql}\n${values.join('\n')}\n\`\`\`\n`
  })
  return `## ${text}\n\n${say(definition!)}\n\n${statements.join('\n')}`
}
