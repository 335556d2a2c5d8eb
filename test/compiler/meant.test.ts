import { expect, test } from 'vitest'
import { compile } from '../../compiler/compile.ts'
import { conditions } from '../../compiler/conditions/index.ts'
import { words } from '../../compiler/language/grammar.js'
import { limits } from '../../compiler/limits.ts'
import { parse, print } from '../../compiler/parse.ts'
import { catalog } from '../support/world.ts'

/** What was probably meant where a definition is not understood. */

const only = (text: string) => {
  const { diagnostics } = compile(text, catalog)
  expect(diagnostics).toHaveLength(1)
  const { code, span, message, hint } = diagnostics[0]!
  return { code, place: text.slice(span!.start, span!.end), message, hint }
}

/** The definition, the place named, and the hint. */
test.each([
  ['Did page_view', 'Did', 'Words of the language are written in lower case: did.'],
  ['did page_view AND everyone', 'AND', 'Words of the language are written in lower case: and.'],
  ['did page_view AND', 'AND', 'Words of the language are written in lower case: and.'],
  ['FIRST SEEN within 30 days', 'FIRST', 'Words of the language are written in lower case: first.'],
  ['didd page_view', 'didd', 'Did you mean "did"?'],
  ['everyone and didd page_view', 'didd', 'Did you mean "did"?'],
  ['frist seen within 30 days', 'frist', 'Did you mean "first"?'],
  ['did page_view whre page = "/x"', 'whre', 'Did you mean "where"?'],
  ['did page_view adn everyone', 'adn', 'Did you mean "and"?'],
  ['max scor >= 5', 'scor', 'Did you mean "score"?'],
  ['levl is hot', 'levl', 'Did you mean "level"?'],
  ['avg seconds of page_view > 3', 'avg', 'Write mean seconds.'],
  ['never page_view', 'never', 'Write not did page_view.'],
  ['never did page_view', 'never did', 'Write not did page_view.'],
  ['has title', 'has title', 'Write title is known.'],
  [
    'at most 2 leads of account did purchase',
    'at most 2 leads of account',
    'Write not at least 3 leads of account.',
  ],
  ['title is null', 'is null', 'Write is unknown.'],
  ['title is not empty', 'is not empty', 'Write is known.'],
  ['title is "x y"', 'is', 'Write = "x y".'],
  ['title is not "x"', 'is not', 'Write != "x".'],
  ['company_size == 5', '==', 'Write = 5.'],
  ['title <> "x"', '<>', 'Write != "x".'],
  ['everyone && everyone', '&&', 'Write and everyone.'],
  ['everyone || everyone', '||', 'Write or everyone.'],
  ['did page_view less than 3 times', 'less than', 'Write fewer than 3.'],
  ['did page_view once', 'once', 'Write exactly 1 times.'],
  ['did page_view in the last 7 days', 'in the last', 'Write within 7.'],
  ['page_view within 7 days at least 2 times', 'at', 'If page_view is an event, write did page_view.'],
])('%s', (text, place, hint) => {
  expect(only(text)).toMatchObject({ code: 'SYNTAX', place, hint })
})

test.each(['everyone else', 'hot leads', 'a b c', 'title = Technology', 'everyone or or everyone', '&'])(
  'of %s nothing is guessed',
  (text) => expect(only(text).hint).toMatch(/^Here could stand: /),
)

test.each([
  ['evryone', 'Did you mean "everyone"?'],
  ['CONVERTED', 'Did you mean "converted"?'],
  ['convertd within 7 days', 'Did you mean "converted"?'],
  ['scroe > 5', 'Did you mean "score"?'],
  ['Title = "x"', 'Did you mean "title"?'],
  ['acount.plan = "pro"', 'Did you mean "account"?'],
  ['MAX score > 5', 'Did you mean "max"?'],
  ['last activty within 7 days', 'Did you mean "activity"?'],
])('%s is a name, and the word that was meant is named', (text, hint) => {
  expect(only(text).hint).toBe(hint)
})

/** Those that are read as names of their own, which may exist. */
const isName = (example: string, word: string) =>
  /^distinct DAYS/.test(example.replace(word, word.toUpperCase())) || !isPlain(example)
const isPlain = (example: string): boolean => {
  const parsed = parse(example)
  return (
    'definition' in parsed && (!print(parsed.definition).startsWith('did ') || example.startsWith('did '))
  )
}

/** Every word of every example, in place. */
const places = conditions.flatMap(({ examples }) =>
  examples.flatMap((example) =>
    [...example.matchAll(/"(?:[^"\\]|\\.)*"|`[^`]*`|\w+/g)]
      .filter(([word]) => words.includes(word) && !isName(example, word))
      .map(({ 0: word, index }) => ({
        word,
        with: (other: string) => example.slice(0, index) + other + example.slice(index + word.length),
      })),
  ),
)
const hintsFor = (text: string) =>
  compile(text, catalog)
    .diagnostics.map(({ hint }) => hint)
    .join(' ')

test('every word of every example, in capitals, is answered with the word itself', () => {
  expect(places.length).toBeGreaterThan(1000)
  for (const place of places) {
    const text = place.with(place.word.toUpperCase())
    expect(hintsFor(text), text).toMatch(new RegExp(`[" ]${place.word}["”.]`))
  }
})

test('so is every longer one with a letter too few, unless that is another word', () => {
  const misspelt = places.flatMap(({ word, with: put }) => {
    const wrong = word.slice(0, 1) + word.slice(2)
    return word.length < 5 || words.includes(wrong) ? [] : [{ word, text: put(wrong) }]
  })
  expect(misspelt.length).toBeGreaterThan(400)
  for (const { word, text } of misspelt) expect(hintsFor(text), text).toContain(`"${word}"`)
})

test.each([
  ['did page_view at least 1000000 times', '1000000'],
  ['did page_view within 1234567 days', '1234567'],
  ['renewal between 9999999 and 5 days ago', '9999999'],
  ['at least 1000000 leads of account everyone', '1000000'],
  ['bucket 0 to 1000000 of 5 by "x"', '1000000'],
])('%s names the limit', (text, number) => {
  expect(only(text)).toEqual({
    ...{ code: 'SYNTAX', place: number, message: `The number ${number} is too large.` },
    hint: `The most that can stand here is ${limits.count}.`,
  })
})

test('as many digits as the limit has are understood, and a value may have more', () => {
  for (const text of [
    `did page_view at least ${limits.count} times`,
    'company_size = 1000000',
    'company_size between 1000000 and 2000000',
  ]) {
    expect(compile(text, catalog).diagnostics, text).toEqual([])
  }
})

/** The definition, and the quote that is not closed with what follows it. */
test.each([
  ['title = "x', '"x'],
  ['title = "x\nand everyone', '"x'],
  ["title = 'it's'", "'"],
  ['title = "x and industry = "y"', '"'],
  ['did `page_view', '`page_view'],
  ['title in ("a", "b)', '"b)'],
])('%j: the quote that is not closed is named', (text, place) => {
  const found = only(text)
  expect(found).toMatchObject({ code: 'SYNTAX', place })
  expect(found.message).toBe('The quote that begins here is not closed on its line.')
  expect(found.hint).toBe(`Another ${place[0]} ends it; within it one is written \\${place[0]}.`)
})

test('a long definition is not tried again and again', () => {
  const many = (count: number) => `${'did page_view and '.repeat(count)}everyone adn everyone`
  expect(only(many(200)).hint).toBe('Did you mean "and"?')
  expect(only(many(400)).hint).toMatch(/^Here could stand/)
})
