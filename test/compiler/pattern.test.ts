import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { limits } from '../../compiler/limits.ts'
import { readPattern } from '../../compiler/pattern.ts'
import { type Database, type Duckdb, openDuckdb } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { anyText } from '../support/values.ts'

let database: Database
let duckdb: Duckdb
beforeAll(async () => {
  database = await testDatabase()
  duckdb = await openDuckdb()
})
afterAll(async () => {
  duckdb.close()
  await database.close()
})

const rendered = (text: string, exactly = true): string => {
  const read = readPattern(text, exactly)
  if (!('pattern' in read)) throw new Error(`${text} ${read.problem}`)
  return read.pattern
}

/** What the engines find: the places of the texts in which the pattern lies. */
async function found(
  pattern: string,
  texts: readonly string[],
): Promise<{ postgres: string; duckdb: string }> {
  const list = JSON.stringify(texts)
  const postgres = await database.query<{ place: number }>(
    `select place::int from jsonb_array_elements_text($1::jsonb) with ordinality each(item, place)
     where (item collate "C") ~ $2 order by place`,
    [list, pattern],
  )
  const items = `from_json($1, '["VARCHAR"]')`
  const duck = await duckdb.rows<{ place: number }>(
    `select place from (select unnest(${items}) as item, generate_subscripts(${items}, 1) as place)
     where regexp_matches(item, $2, 's') order by place`,
    [list, pattern],
  )
  const places = (rows: readonly { place: number }[]) => rows.map(({ place }) => Number(place)).join(' ')
  return { postgres: places(postgres), duckdb: places(duck) }
}

async function expectAgreement(pattern: string, texts: readonly string[]): Promise<string> {
  const answers = await found(pattern, texts)
  const javascript = texts
    .flatMap((text, index) => (new RegExp(pattern, 'su').test(text) ? [index + 1] : []))
    .join(' ')
  expect([pattern, answers]).toEqual([pattern, { postgres: javascript, duckdb: javascript }])
  return javascript
}

test.each<[string, string, string?]>([
  ['abc', 'abc'],
  ['a.c', 'a.c'],
  ['\\d+', '[0-9]+'],
  ['\\w', '[0-9_a-z]', '[0-9A-Z_a-z]'],
  ['[^\\s-]', '[^\t\n\v\f\r \\-]'],
  ['[A-Fa-c\\].]', '[.\\]a-f]', '[.A-F\\]a-c]'],
  ['(VP|Head) of', '(?:vp|head) of', '(?:VP|Head) of'],
  ['É{2}İ?ẞ*', 'é{2}i?ß*', 'É{2}İ?ẞ*'],
  ['a{2,2}b{0,1}c{3,}', 'a{2}b{0,1}c{3,}'],
  ['50% \\- #1/2 & "x"', '50% - #1/2 & "x"'],
  ['\\\\\\.\\{\\}\\[\\]\\|\\^\\$\\(\\)\\*\\+\\?', '\\\\\\.\\{\\}\\[\\]\\|\\^\\$\\(\\)\\*\\+\\?'],
  ['^((a|b)+c)?$', '^(?:(?:a|b)+c)?$'],
  ['[a-]', '[\\-a]'],
  ['[-a]', '[\\-a]'],
  ['[a^]', '[\\^a]'],
])('%s is written %s', (text, folded, exactly = folded) => {
  expect(rendered(text, false)).toBe(folded)
  expect(rendered(text)).toBe(exactly)
})

/** The pattern, what is wrong, where, and what the hint says. */
test.each<[string, RegExp, number, RegExp?]>([
  ['', /is empty/, 1],
  ['a||b', /nothing in it/, 3, /may be missing/],
  ['()', /nothing in it/, 2],
  ['a|', /nothing in it/, 3],
  ['*a', /nothing in front of \*/, 1, /as such is \\\*/],
  ['a**', /two quantifiers/, 3, /Lazy/],
  ['a+?', /two quantifiers/, 3],
  ['a{2}{3}', /two quantifiers|nothing in front|in a row/, 5],
  ['a{', /no repetition/, 2, /\{2,5\}/],
  ['a{,3}', /no repetition/, 2],
  ['a{101}', /repeats 101 times; 100/, 2],
  ['a{5,2}', /from 5 to 2/, 2, /\{2,5\}/],
  ['^*', /repeats \^ or \$/, 1],
  ['(a|^b)+', /repeats \^ or \$/, 1],
  ['a^b', /in front of \^/, 2, /as such is \\\^/],
  ['a(b|^c)', /in front of \^/, 2],
  ['(a|$)b', /behind \$/, 6, /end of the text/],
  ['^^', /in front of \^/, 2],
  ['(?:a)', /group with \(\?/, 2, /exactly/],
  ['(?i)a', /group with \(\?/, 2],
  ['(a', /\( that is not closed/, 1, /Close it with \)/],
  ['(', /\( that is not closed/, 1],
  ['a(b|', /\( that is not closed/, 2],
  ['((a)', /\( that is not closed/, 1],
  ['a)', /\) without its/, 2],
  ['a]', /\] without/, 2],
  ['[a', /\[ that is not closed/, 1],
  ['[]', /nothing in it/, 2],
  ['[[:alpha:]]', /\[ within/, 2],
  ['[a-Z]', /range/, 2, /0-9, a-z or A-Z/],
  ['[z-a]', /range/, 2],
  ['[!-z]', /range/, 2],
  ['[é]', /"é" within/, 2, /alternatives/],
  ['\\D', /\\D/, 1, /\[\^\\d\]/],
  ['\\bword', /\\b/, 1, /Understood are/],
  ['(a)\\1', /\\1/, 4],
  ['\\u0041', /\\u/, 1],
  ['a\\', /ends with a backslash/, 2],
  ['(a{100}){100}', /longer than 1000/, 1],
  ['('.repeat(12), /more than 10 groups/, 12],
  ['x'.repeat(501), /501 characters; 500/, 1],
])('%s is refused', (text, problem, at, hint = /^/) => {
  const read = readPattern(text)
  if ('pattern' in read) throw new Error(`it is read as ${read.pattern}`)
  expect(read.problem).toMatch(problem)
  expect(read.hint ?? '').toMatch(hint)
  expect(read.at).toBe(at)
})

test('whatever stands there, the answer is a pattern that JavaScript takes, or a problem', () =>
  fc.assert(
    fc.property(
      fc.oneof(anyText(), fc.string({ unit: fc.constantFrom(...'ab09A.*+?{},()[]|^$\\-dwsé') })),
      fc.boolean(),
      (text, exactly) => {
        const read = readPattern(text, exactly)
        if ('pattern' in read) new RegExp(read.pattern, 'su')
        else expect(read.at).toBeGreaterThan(0)
      },
    ),
    { numRuns: 3000 },
  ))

test.each<[string, string[], string]>([
  ['^a.c$', ['abc', 'a\nc', 'a\u{1f600}c', 'abcd', 'ac', 'abc\n', 'aéc'], '1 2 3 7'],
  ['a$', ['a', 'a\n', 'a\nb', 'ba', 'b\na'], '1 4 5'],
  ['^b', ['b', 'a\nb', 'bb'], '1 3'],
  ['[^a]', ['a', 'aa', '\n', 'a\n', 'é'], '3 4 5'],
  ['\\w+@\\w+\\.com', ['a_1@b.com', 'é@b.com', 'a@é.com', 'x@y.comé'], '1 4'],
  ['\\d', ['1', '١', '１', 'x'], '1'],
  ['\\s', [' ', '\u00a0', '\u2003', '\v', '\u0085', '\f'], '1 4 6'],
  ['(ab|a)(bc|c)?$', ['ab', 'abc', 'abbc', 'abcc'], '1 2 3'],
  ['x{0}y', ['y', 'xy', 'x'], '1 2'],
  ['^(a{2,3}){2}$', ['aaa', 'aaaa', 'aaaaaa', 'aaaaaaa'], '2 3'],
  ['^$', ['', 'x', '\n'], '1'],
  ['(^|,)x(,|$)', ['x', 'a,x', 'a,x,b', 'ax', 'x\n'], '1 2 3'],
  ['$|^a', ['', 'x'], '1 2'],
  ['[\\[\\]\\-\\\\^$.*]', ['[', ']', '-', '\\', '^', '$', '.', '*', 'x', ','], '1 2 3 4 5 6 7 8'],
  ['ﬃ|ß|ǅ', ['ﬃ', 'ss', 'ß', 'ǆ', 'ǅ'], '1 3 5'],
])('%s finds the same everywhere', async (text, texts, expected) => {
  expect(await expectAgreement(rendered(text), texts)).toBe(expected)
})

test('the longest patterns that are allowed are understood, and in time', async () => {
  const start = performance.now()
  const texts = ['a'.repeat(3000), 'ab'.repeat(1500), '', 'é'.repeat(500)]
  const largest = [
    '(.{0,98}b){9}',
    '((a|b|c|d){0,3}x?){0,50}$',
    '([a-z]?\\d*){90}z',
    '((((a{0,4}){0,4}){0,4}){0,3})b',
    '.{100}.{100}.{100}.{100}.{100}$',
    `(${'a|'.repeat(100)}b){8}`,
    'a'.repeat(limits.patternLength),
    `${'('.repeat(10)}a*${')*'.repeat(6)}${')'.repeat(4)}`,
  ]
  for (const text of largest) {
    const answers = await found(rendered(text), texts.slice(0, 2).concat(['', 'ab', 'b']))
    expect([text, answers.duckdb]).toEqual([text, answers.postgres])
  }
  expect(performance.now() - start).toBeLessThan(10_000)
})

/** Patterns as people might write them, out of pieces that engines are known to read differently. */
const atoms = fc.constantFrom(
  ...['a', 'b', 'A', '1', ' ', '\n', 'é', 'É', '.', '\\d', '\\w', '\\s', '\\.', '\\\\', '-', '#', '/', '_'],
  ...['[ab]', '[^a]', '[^\\w]', '[a-c1-3]', '[\\]\\[^-]', '[^\\s.]', '\u{1f600}', 'ß', 'İ', '\\{', '\\$'],
)
const quantifiers = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{0,2}', '{1,}', '{0}', '{0,0}')
const { pattern: patterns } = fc.letrec<{ pattern: string; branch: string; piece: string; sequence: string }>(
  (tie) => ({
    piece: fc.oneof(
      { maxDepth: 3 },
      { weight: 5, arbitrary: fc.tuple(atoms, quantifiers).map((parts) => parts.join('')) },
      { weight: 2, arbitrary: fc.tuple(tie('pattern'), quantifiers).map(([inside, q]) => `(${inside})${q}`) },
    ),
    sequence: fc.array(tie('piece'), { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join('')),
    branch: fc
      .tuple(
        fc.constantFrom('', '', '^', '(^|a)', '(^)'),
        tie('sequence'),
        fc.constantFrom('', '', '$', '($|b)'),
      )
      .map((parts) => parts.join('')),
    pattern: fc.array(tie('branch'), { minLength: 1, maxLength: 3 }).map((branches) => branches.join('|')),
  }),
)
const subjects = fc.array(
  fc.string({
    unit: fc.constantFrom(...'aabbA1 \né.-[]{}$^\\_ßİ'.split(''), '\u{1f600}', 'É', '\r\n'),
    maxLength: 8,
  }),
  { minLength: 40, maxLength: 40 },
)

test(
  'random patterns find the same on Postgres, DuckDB and in JavaScript',
  () =>
    fc.assert(
      fc.asyncProperty(patterns, fc.boolean(), subjects, async (text, exactly, texts) => {
        const read = readPattern(text, exactly)
        fc.pre('pattern' in read)
        if ('pattern' in read) await expectAgreement(read.pattern, texts)
      }),
      { numRuns: 400 },
    ),
  60_000,
)
