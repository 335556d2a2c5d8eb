import { distance } from 'fastest-levenshtein'
import type { Span } from './diagnostic.ts'
import { words } from './language/grammar.js'
import { tokens } from './tokens.ts'

/** What a passage that is not understood was most likely meant to be. */
export type Meant = { readonly span: Span; readonly hint: string }

/** Another wording of a part of the text, and how far it is from what is written. */
type Change = { readonly of: Span; readonly by: string; readonly cost: number; readonly meant: Meant }
type Token = Span & { readonly text: string }

/** Each try reads the whole text. */
const mostTries = 40

/**
 * The nearest other wording of a condition with which its text is understood further than where it `failed`; `reach`
 * says how far a text is understood.
 */
export function meantIn(text: string, failed: Span, reach: (text: string) => number): Meant | undefined {
  const condition = conditionAt(text, failed)
  const changes = condition.flatMap((token, index) => [
    ...lowered(token),
    ...habitual(token, text),
    ...misspelt(token, token.start === failed.start),
    ...(index === 0 ? withDid(token, failed) : []),
  ])
  const tried = changes
    .sort((a, b) => a.cost - b.cost)
    .slice(0, mostTries)
    .map(({ of, by, meant }) => {
      const mended = text.slice(0, of.start) + by + text.slice(of.end)
      return { meant, far: reach(mended) - (mended.length - text.length) }
    })
    .filter(({ far }) => far >= failed.end)
  const furthest = Math.max(...tried.map(({ far }) => far))
  return tried.find(({ far }) => far === furthest)?.meant
}

const joints = new Set(['and', 'or', 'not', '(', ')'])

/** The words from where the condition begins to the one that is not understood; of a long one the last. */
function conditionAt(text: string, failed: Span): Token[] {
  const found = [...text.matchAll(tokens)]
    .map(({ 0: token, index }) => ({ text: token, start: index, end: index + token.length }))
    .filter(({ start }) => start <= failed.start)
  const joint = found.findLastIndex((token) => joints.has(token.text) && token.start < failed.start)
  return found.slice(joint + 1).slice(-20)
}

const known: ReadonlySet<string> = new Set(words)

/** Names are exact, so that `Score` may be one: it is no word of the language. */
function lowered({ text, ...span }: Token): Change[] {
  const by = text.toLowerCase()
  if (by === text || !known.has(by)) return []
  const hint = `Words of the language are written in lower case: ${by}.`
  return [{ of: span, by, cost: 0, meant: { span, hint } }]
}

/** Only where a condition could end is a word a misspelt `and`, `or` or `not`. */
function misspelt({ text, ...span }: Token, isLast: boolean): Change[] {
  if (known.has(text) || !/^[A-Za-z]{3,}$/.test(text)) return []
  return words
    .map((by) => ({ by, cost: apart(text.toLowerCase(), by) }))
    .filter(({ by, cost }) => cost < (text.length < 5 ? 2 : 3) && (isLast || !joints.has(by)))
    .map(({ by, cost }) => ({ of: span, by, cost, meant: { span, hint: `Did you mean "${by}"?` } }))
}

/** Letters that changed places are one slip. The same beginning and length is nearer than another one. */
function apart(a: string, b: string): number {
  const isSwapped = [...a].sort().join() === [...b].sort().join()
  const beginning = a[0] === b[0] ? 0 : 0.2
  return (isSwapped ? 1 : distance(a, b)) + 0.1 * Math.abs(a.length - b.length) + beginning
}

/** Without `did`, what stands behind a name compares an attribute. */
function withDid({ text, start }: Token, failed: Span): Change[] {
  if (known.has(text) || !/^[A-Za-z_`]/.test(text)) return []
  const hint = `If ${text} is an event, write did ${text}.`
  return [{ of: { start, end: start }, by: 'did ', cost: 3, meant: { span: failed, hint } }]
}

/** What is said elsewhere, and what says it here. */
const habits: readonly (readonly [elsewhere: RegExp, here: (...found: string[]) => string])[] = [
  [/^(?:avg|average) /, () => 'mean '],
  [/^total /, () => 'sum '],
  [/^never (?:did )?/, () => 'not did '],
  [/^(?:has|have) (?!been\b)([\w.]+)/, (_, name) => `${name} is known`],
  [
    /^at most (\d{1,5}) leads? of account\b/,
    (_, most) => `not at least ${Number(most) + 1} leads of account`,
  ],
  [/^(?:fewer|less) than (\d+) leads? of account\b/, (_, least) => `not at least ${least} leads of account`],
  [/^is (?:null|empty|missing|not known|not set)\b/, () => 'is unknown'],
  [/^is (?:not (?:null|empty|missing|unknown)|set)\b/, () => 'is known'],
  [/^is not (?=["'\d])/, () => '!= '],
  [/^is (?=["'\d])/, () => '= '],
  [/^(?:==|equals\b) ?/, () => '= '],
  [/^<> ?/, () => '!= '],
  [/^&& ?/, () => 'and '],
  [/^\|\| ?/, () => 'or '],
  [/^less than /, () => 'fewer than '],
  [/^once\b/, () => 'exactly 1 times'],
  [/^(?:with)?in the (?:last|past) /, () => 'within '],
]

function habitual({ start }: Token, text: string): Change[] {
  return habits.flatMap(([elsewhere, here]) => {
    const found = elsewhere.exec(text.slice(start, start + 200))
    if (!found) return []
    const by = here(...found)
    const of = { start, end: start + found[0].length }
    const span = { start, end: start + found[0].trimEnd().length }
    const next = by.endsWith(' ') ? (/^(?:"[^"\n]*"|\S+)/.exec(text.slice(of.end))?.[0] ?? '') : ''
    return [{ of, by, cost: 1.5, meant: { span, hint: `Write ${by}${next}.` } }]
  })
}
