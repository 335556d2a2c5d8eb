import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { compile } from '../../compiler/compile.ts'
import { conditions } from '../../compiler/conditions/index.ts'
import { generateParser } from '../../compiler/language/generate.ts'
import { parse, print } from '../../compiler/parse.ts'
import { catalog } from '../support/world.ts'

test('the committed grammar.js is what base.peggy and the conditions give; npm run grammar makes it anew', () => {
  const committed = readFileSync(new URL('../../compiler/language/grammar.js', import.meta.url), 'utf8')
  expect(committed === generateParser()).toBe(true)
})

test('every condition says what it means, and its kinds are all different', () => {
  for (const { meaning, missing, examples } of conditions) {
    expect(meaning).toMatch(/^[A-Z].*\.$/)
    expect(missing).toMatch(/^[A-Z].*\.$/)
    expect(examples.length).toBeGreaterThan(0)
  }
  expect(new Set(conditions.map(({ kind }) => kind)).size).toBe(conditions.length)
})

/** The definition, the place named, what the message says, and what the hint says. */
test.each<[string, string, string, RegExp, RegExp?]>([
  ['did', '', 'SYNTAX', /Understood up to "did", but not the end after it/, /name/],
  [
    'did page_view wthin 7 days',
    'wthin',
    'SYNTAX',
    /up to "did page_view", but not "wthin"/,
    /number of times .*, time \(such as within 7 days/,
  ],
  ['did page_view within seven days', 'seven', 'SYNTAX', /but not "seven"/, /duration \(such as 7 days\)/],
  [
    'did page_view within 7 dayz',
    'dayz',
    'SYNTAX',
    /up to ".* within 7", but not "dayz"/,
    /second, minute, hour, day/,
  ],
  ['did page_view at leest 2 times', 'leest', 'SYNTAX', /but not "leest"/, /"least", "most"/],
  ['did page_view within 7 days within 8 days', 'within', 'SYNTAX', /said a second time/],
  ['company_size >', '', 'SYNTAX', /but not the end/, /number, text in quotes, true or false/],
  ['company_size > 1,000', ',', 'SYNTAX', /up to "company_size > 1"/, /"and", "or", the end/],
  ['company_size ~ 5', '~', 'SYNTAX', /but not "~"/, /comparison \(=, .*between/],
  ['(company_size > 5', '', 'SYNTAX', /but not the end/, /"\)", "and", "or"/],
  ['company_size > 5)', ')', 'SYNTAX', /but not "\)"/, /the end/],
  ['company_size > 5 or or x', 'or', 'SYNTAX', /but not "or"/, /"not", condition \(such as did page_view/],
  ['title = Technology', 'Technology', 'SYNTAX', /but not "Technology"/, /text in quotes/],
  ['industry in "x"', '"', 'SYNTAX', /but not "/, /"\("/],
  ['industry in ("a" "b")', '"', 'SYNTAX', /but not "/, /"\)", ","/],
  ['everyone else', 'else', 'SYNTAX', /but not "else"/, /the end/],
  ['&', '&', 'SYNTAX', /can't begin with "&"/, /"not", condition .*everyone/],
  [
    'compnay_size > 5',
    'compnay_size',
    'UNKNOWN_ATTRIBUTE',
    /no attribute "compnay_size" on leads/,
    /mean "company_size"/,
  ],
  ['plan = "pro"', 'plan', 'UNKNOWN_ATTRIBUTE', /on leads/, /account\.plan/],
  ['account.plam = "x"', 'account.plam', 'UNKNOWN_ATTRIBUTE', /on accounts/, /"plan"/],
  [
    'did page_view where page = "a" and seconds > 5',
    'seconds',
    'UNKNOWN_ATTRIBUTE',
    /"seconds"/,
    /did page_view where \(/,
  ],
  ['did page_veiw', 'did page_veiw', 'UNKNOWN_EVENT', /No event of type "page_veiw"/, /"page_view"/],
  ['did page_view where pge = "x"', 'pge', 'UNKNOWN_PROPERTY', /No page_view had/, /"page"/],
  [
    'company_size > "1,000"',
    'company_size > "1,000"',
    'TYPE_MISMATCH',
    /of type number.*type text/,
    /without quotes: 1000/,
  ],
  ['title = 5', 'title = 5', 'TYPE_MISMATCH', /of type text.*type number/, /in quotes: "5"/],
  ['subscribed = "yes"', 'subscribed = "yes"', 'TYPE_MISMATCH', /of type boolean/, /is true/],
  ['renewal contains "2026"', 'renewal contains "2026"', 'TYPE_MISMATCH', /of type instant/],
  ['renewal > "soon"', 'renewal > "soon"', 'BAD_INSTANT', /"soon" can't be read/, /2026-11-23/],
  [
    'renewal = "2026-02-30"',
    'renewal = "2026-02-30"',
    'BAD_INSTANT',
    /not a day or an instant of the calendar/,
  ],
  ['company_size = 0.1234567', 'company_size = 0.1234567', 'BAD_NUMBER', /more digits than are kept/],
  [
    'first seen within 201 years',
    'first seen within 201 years',
    'BAD_DURATION',
    /201 years is longer than 200 years/,
  ],
  ['did email_open within 99999 weeks', 'did email_open within 99999 weeks', 'BAD_DURATION', /99999 weeks/],
])('%s', (text, place, code, message, hint = /^/) => {
  const { diagnostics } = compile(`everyone\nor ${text}`, catalog)
  const alone = compile(text, catalog).diagnostics
  expect(alone).toHaveLength(1)
  const [found] = alone
  expect(found!.code).toBe(code)
  expect(found!.message).toMatch(message)
  expect(found!.hint ?? '').toMatch(hint)
  expect(text.slice(found!.span!.start, found!.span!.end)).toBe(place)
  // The place moves with the text around it.
  expect(diagnostics[0]!.span!.start).toBe(found!.span!.start + 'everyone\nor '.length)
})

test.each<[string, unknown, string, string]>([
  ['no kind', {}, 'SHAPE', 'kind'],
  ['an unknown kind', { kind: 'all', of: [{ kind: 'everyone' }, { kind: 'nobody' }] }, 'SHAPE', 'of.1.kind'],
  ['a missing part', { kind: 'attribute', of: 'lead', name: 'title' }, 'SHAPE', 'is'],
  ['a part too many', { kind: 'everyone', but: 1 }, 'SHAPE', ''],
  ['no members', { kind: 'any', of: [] }, 'SHAPE', 'of'],
  [
    'exactly said of a number',
    leaf({ op: '=', value: { number: '5' }, exactly: true }),
    'SHAPE',
    'of.1.of.is',
  ],
  ['a wrong type', leaf({ op: '=', value: true }), 'TYPE_MISMATCH', 'of.1.of'],
])('the JSON form with %s names the place', (_, source, code, path) => {
  const { diagnostics } = compile(source, catalog)
  expect(diagnostics.map((each) => [each.code, each.path])).toEqual([[code, path]])
})

function leaf(is: object) {
  return {
    kind: 'all',
    of: [{ kind: 'everyone' }, { kind: 'not', of: { kind: 'attribute', of: 'lead', name: 'title', is } }],
  }
}

test.each([
  ['did   page_view\n  within 7days # comment', 'did page_view within 7 days'],
  ['((did page_view)) and (everyone and everyone)', 'did page_view and (everyone and everyone)'],
  [
    'everyone or everyone and not (everyone or everyone)',
    'everyone or everyone and not (everyone or everyone)',
  ],
  ["title = 'it\\'s'", 'title = "it\'s"'],
  ['did email_open = 1 time', 'did email_open exactly 1 times'],
  ['did `email_open`', 'did email_open'],
  ['`score` = 5 and `last` = 1', '`score` = 5 and `last` = 1'],
  ['did `a "b" \\`c\\` \\\\ \\n`', 'did `a "b" \\`c\\` \\\\ \\n`'],
])('%s is printed as %s', (text, printed) => {
  const parsed = parse(text)
  expect('definition' in parsed && print(parsed.definition)).toBe(printed)
})
