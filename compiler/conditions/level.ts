import { z } from 'zod'
import { type CatalogScore, nearest } from '../catalog.ts'
import { printName } from '../comparison.ts'
import { type Context, condition } from '../condition.ts'
import { name } from '../definition.ts'
import { nobody, not, type Predicate, test } from '../ir.ts'
import { type Seen, sayPoints } from '../phrase.ts'
import { levelAt, mainScore, type OfScore, printOf, sayOf, scoreIn } from '../score-name.ts'

const is = z.discriminatedUnion('op', [
  z.strictObject({ op: z.enum(['is', 'is not']), level: name }),
  z.strictObject({ op: z.enum(['in', 'not in']), levels: z.array(name).min(1) }),
])
const shape = z.strictObject({ kind: z.literal('level'), of: name.optional(), is })
type Level = z.infer<typeof shape>

export const level = condition<Level>({
  kind: 'level',
  meaning: 'A score lies at a level of scoring.yaml, or at one of several.',
  missing: 'Every lead has a level: what lies below the first bound has the first.',
  shape,
  syntax: `
level
  = of:scoreName? 'level' end _ is:level_is { return node({ kind: 'level', ...of, is }) }
level_is
  = 'is' end _ negated:(NOT _)? level:levelName { return { op: negated ? 'is not' : 'is', level } }
  / negated:(NOT _)? 'in' end _ '(' _ head:levelName tail:(_ ',' _ @levelName)* _ ')'
    { return { op: negated ? 'not in' : 'in', levels: [head, ...tail] } }
levelName "level (such as hot, \\"very hot\\")"
  = string / name
`,
  print: (node) => `${printOf(node)}level ${printIs(node)}`,
  lower(node, context) {
    const score = scoreIn(node, context)
    if (!score) return nobody
    const levels = 'level' in node.is ? [node.is.level] : node.is.levels
    const each = levels.map((level) => atLevel(node, level, score, context))
    const predicate: Predicate = { kind: 'any', of: each }
    return node.is.op === 'is not' || node.is.op === 'not in' ? not(predicate) : predicate
  },
  say: (node) =>
    'level' in node.is
      ? `${sayOf(node)}level ${node.is.op} ${node.is.level}`
      : `${sayOf(node)}level is ${node.is.op === 'in' ? '' : 'not '}${node.is.levels.join(' or ')}`,
  tell: (node, seen) => `${sayOf(node)}level ${levelSeen(node, seen)}`,
  show: (node, seen) => [`${levelSeen(node, seen)}, ${sayPoints(pointsSeen(node, seen))} points`],
  examples: [
    'level is hot',
    'level is cold',
    'level is "very hot"',
    'level is not warm',
    'level in ("hot", "very hot")',
    'level not in ("cold", "very hot")',
    'fit level is good',
    'fit level is poor',
    'account level is busy',
  ],
})

/** A level as it stands in the text form: quoted unless it is a plain word. */
export function printLevel(level: string): string {
  const bare = printName(level)
  return bare.startsWith('`') ? JSON.stringify(level) : bare
}

const printIs = ({ is }: Level): string =>
  'level' in is
    ? `${is.op} ${printLevel(is.level)}`
    : `${is.op} (${is.levels.map((each) => JSON.stringify(each)).join(', ')})`

/** Where the level stands among those of its score; -1, and reported, if it has no such level. */
export function levelIn(
  node: OfScore & object,
  level: string,
  { name: score, levels }: CatalogScore,
  context: Context,
): number {
  const names = levels.map((each) => each.name)
  const position = names.indexOf(level)
  if (position < 0) {
    const meant = nearest(level, names)
    const known = names.length > 0 ? `Its levels: ${names.join(', ')}.` : 'scoring.yaml gives it no levels.'
    context.report(node, 'UNKNOWN_LEVEL', `The score "${score}" has no level "${level}".`, {
      hint: meant ? `Did you mean "${meant}"?` : known,
    })
  }
  return position
}

const pointsSeen = ({ of = mainScore }: Level, { value }: Seen): string =>
  value({ kind: 'score', score: of }) ?? '0'

function levelSeen(node: Level, seen: Seen): string {
  const score = seen.scores.find(({ name }) => name === (node.of ?? mainScore))
  return (score && levelAt(score, BigInt(pointsSeen(node, seen)))) ?? 'unknown'
}

/** From its own bound on, until the next one's: below the first there is no lower one. */
function atLevel(node: Level, level: string, score: CatalogScore, context: Context): Predicate {
  const position = levelIn(node, level, score, context)
  if (position < 0) return nobody
  const points = { kind: 'score', score: score.name } as const
  const bound = (at: number) => ({ type: 'number', value: score.levels[at]!.from }) as const
  return {
    kind: 'all',
    of: [
      ...(position > 0 ? [test(points, { op: '>=', to: bound(position) })] : []),
      ...(position + 1 < score.levels.length ? [test(points, { op: '<', to: bound(position + 1) })] : []),
    ],
  }
}
