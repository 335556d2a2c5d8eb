import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { compile } from '../../compiler/compile.ts'
import { conditions } from '../../compiler/conditions/index.ts'
import { generateParser } from '../../compiler/language/generate.ts'
import { parse, print, say } from '../../compiler/parse.ts'
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
    'did page_view every 7 days',
    'every',
    'SYNTAX',
    /up to "did page_view", but not "every"/,
    /number of times .*, time \(such as within 7 days/,
  ],
  [
    'did page_view wthin 7 days',
    'wthin',
    'SYNTAX',
    /up to "did page_view", but not "wthin"/,
    /^Did you mean "within"\?$/,
  ],
  ['did page_view within seven days', 'seven', 'SYNTAX', /but not "seven"/, /duration \(such as 7 days\)/],
  [
    'did page_view within 7 fortnights',
    'fortnights',
    'SYNTAX',
    /up to ".* within 7", but not "fortnights"/,
    /second, minute, hour, day/,
  ],
  ['did page_view within 7 dayz', 'dayz', 'SYNTAX', /but not "dayz"/, /mean "days"/],
  ['did page_view at random 2 times', 'random', 'SYNTAX', /but not "random"/, /"least", "most"/],
  ['did page_view at leest 2 times', 'leest', 'SYNTAX', /but not "leest"/, /mean "least"/],
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
  [
    'company_size = -0.1234567',
    'company_size = -0.1234567',
    'BAD_NUMBER',
    /more digits than are kept/,
    /Write -0\.123456\./,
  ],
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

/** Comparisons: the definition, the code, what the message says, and what the hint says. */
test.each<[string, string, RegExp, RegExp?]>([
  ['title matches "\\d"', 'SYNTAX', /Within quotes a backslash is written twice/],
  ['title like "100\\\\"', 'BAD_PATTERN', /like ends with a backslash/, /two backslashes/],
  [
    'title matches "(a"',
    'BAD_PATTERN',
    /matches has a \( that is not closed \(character 1\)/,
    /\), or write \\\(/,
  ],
  ['title matches "("', 'BAD_PATTERN', /has a \( that is not closed \(character 1\)/, /Close it with \)/],
  ['title matches "a(b|"', 'BAD_PATTERN', /has a \( that is not closed \(character 2\)/, /Close it with \)/],
  ['title matches "a+?"', 'BAD_PATTERN', /two quantifiers in a row \(character 3\)/, /Lazy/],
  ['title not matches "\\\\D"', 'BAD_PATTERN', /\\D, which is not understood/, /\[\^\\d\]/],
  ['tags matches exactly "[é]"', 'BAD_PATTERN', /only ASCII/, /alternatives/],
  ['company_size matches "1"', 'TYPE_MISMATCH', /of type number/],
  ['company_size within 7 days', 'TYPE_MISMATCH', /of type number, and a period is asked of dates/],
  ['employees = "501-1000"', 'TYPE_MISMATCH', /of type number.*type text/, /begins with: write 501 in/],
  ['employees >= "10,000+"', 'TYPE_MISMATCH', /of type number.*type text/, /begins with: write 10000 in/],
  ['company_size = "501 – 1,000"', 'TYPE_MISMATCH', /of type number/, /^Write between 501 and 1000\.$/],
  ['company_size = "10,000+"', 'TYPE_MISMATCH', /of type number/, /^Write >= 10000\.$/],
  ['company_size in (1, "a")', 'TYPE_MISMATCH', /of type number/, /^Write a number, without quotes\.$/],
  ['title = true', 'TYPE_MISMATCH', /of type text/, /in quotes: "true"/],
  ['score this month', 'TYPE_MISMATCH', /The score is of type number/],
  ['title anniversary within next 7 days', 'TYPE_MISMATCH', /of type text/],
  ['renewal = 5', 'TYPE_MISMATCH', /of type instant/, /a date .* or a period/],
  ['renewal on "2026-02-30"', 'BAD_INSTANT', /"2026-02-30" is not a day/, /2026-11-23/],
  ['renewal within next 201 years', 'BAD_DURATION', /201 years is longer than 200 years/],
  ['renewal between 5 weeks and 300 years ago', 'BAD_DURATION', /300 years/],
  ['renewal between "2026-03-02" and "2026-03-01"', 'BAD_RANGE', /Nothing lies between/, /lesser one/],
  ['company_size between 5 and 1', 'BAD_RANGE', /Nothing lies between 5 and 1/],
  ['last activity tomorrow', 'NEVER', /Events lie in the past: none is tomorrow/],
  ['first seen within next 7 days', 'NEVER', /none is in the next 7 days/],
  ['last activity between "2026-03-02" and "2026-03-01"', 'BAD_RANGE', /lies before/, /earlier date/],
  ['tags within 7 days', 'TYPE_MISMATCH', /Of what lies in "tags" no type is known/, /of its own/],
  ['address.since before "2026-01-01"', 'TYPE_MISMATCH', /"address.since" no type is known/],
  ['industry.name = "x"', 'TYPE_MISMATCH', /Nothing lies within "industry.name".*type text/],
  ['any of tags is known', 'TYPE_MISMATCH', /Elements of "tags" are always known/, /size of/],
  ['size of tags is known', 'TYPE_MISMATCH', /always known/],
  ['size of tags = "x"', 'TYPE_MISMATCH', /The size of "tags" is of type number/],
  ['size of tags contains "x"', 'TYPE_MISMATCH', /The size of "tags"/],
  ['tags in ("a", 1, true)', 'TYPE_MISMATCH', /mixes types/, /in quotes: \("a", "1", "true"\)/],
  ['tags = 1.1234567', 'BAD_NUMBER', /more digits/, /Write 1\.123456\./],
  ['tags = 12345678901234567890123', 'BAD_NUMBER', /more digits/, /is text: it stands in quotes/],
  ['adress.city = "x"', 'UNKNOWN_ATTRIBUTE', /no attribute "adress"/, /Did you mean "address"/],
  ['account.adress.city = "x"', 'UNKNOWN_ATTRIBUTE', /on accounts/, /"address"/],
  ['seats.x = 1', 'UNKNOWN_ATTRIBUTE', /on leads/, /write account\.seats\.x/],
  ['email_open within 7 days', 'UNKNOWN_ATTRIBUTE', /"email_open"/, /write did email_open within 7 days/],
  ['email_opne this month', 'UNKNOWN_ATTRIBUTE', /"email_opne"/, /mean did email_open this month\?/],
  ['login within 7 days', 'UNKNOWN_ATTRIBUTE', /"login"/, /If it is an event, write did login within 7 days/],
  ['renewal this decade', 'SYNTAX', /but not "decade"/, /week, month, quarter or year/],
  ['renewal this yaer', 'SYNTAX', /but not "yaer"/, /mean "year"/],
  ['renewal within next', 'SYNTAX', /but not the end/, /duration/],
  ['renewal between 3 and', 'SYNTAX', /but not the end/, /duration|number/],
  ['renewal between "2026-01-01" and 5', 'SYNTAX', /but not "5"/, /text in quotes/],
  ['renewal more than 3 days', 'SYNTAX', /but not the end/, /"ago", "from"/],
  ['renewal anniversary within next 400 days', 'SYNTAX', /An anniversary lies within 366 days/],
  ['last activity soon', 'SYNTAX', /but not "soon"/, /time \(such as within 7 days/],
  ['title not "x"', 'SYNTAX', /but not "\\""|but not """/, /"contains".*"in".*"like", "matches", "starts"/],
  ['address. = 5', 'SYNTAX', /up to "address\.", but not "=" after it/, /name/],
  ['any of tags', 'SYNTAX', /but not the end/, /comparison/],
  [`title.${'a.'.repeat(10)}b = 1`, 'TOO_LARGE', /path has 11 parts; 10 are allowed/],
  [`address.${'x'.repeat(201)} = 1`, 'TOO_LARGE', /name is 201 characters/],
  [
    Array.from({ length: 21 }, (_, n) => `renewal anniversary within next ${n} days`).join(' or '),
    'TOO_LARGE',
    /21 anniversaries; 20/,
  ],
])('%s is explained', (text, code, message, hint = /^/) => {
  const { diagnostics } = compile(text, catalog)
  expect(diagnostics.map((each) => each.code)).toEqual([code])
  expect(diagnostics[0]!.message).toMatch(message)
  expect(diagnostics[0]!.hint ?? '').toMatch(hint)
})

test('no list of what could stand somewhere is endless', () => {
  const places = [
    '',
    'x',
    'x y',
    'title',
    'title is',
    'title not',
    'renewal',
    'renewal this',
    'did',
    'did x',
    'last',
    'first',
  ]
  for (const text of [
    ...places,
    'any',
    'any of',
    'not',
    'score',
    'renewal within',
    'renewal between',
    'everyone and',
  ]) {
    const { diagnostics } = compile(`${text} %`, catalog)
    const [found] = diagnostics
    expect(found?.code, text).toBe('SYNTAX')
    expect(`${found?.hint}`.replace(/\([^)]*\)/g, '').split(', ').length, found?.hint).toBeLessThanOrEqual(9)
  }
})

/** The definition and how it is said. */
test.each([
  ['company_size > 1200', 'company size is more than 1,200'],
  ['company_size between 1000 and 2500.1234', 'company size is between 1,000 and 2,500.1234'],
  ['company_size != 5', 'company size is not 5'],
  ['industry in ("a", "b", "c")', 'industry is "a", "b" or "c"'],
  ['industry not in ("a")', 'industry is not "a"'],
  ['industry in ("a","b","c","d","e","f","g")', 'industry is "a", "b", "c", "d", "e" and 2 more'],
  ['title not contains exactly "VP"', 'title does not contain "VP" (exactly)'],
  ['renewal > "2026-01-01"', 'renewal is after "2026-01-01"'],
  ['renewal within next 1 day', 'renewal is in the next day'],
  ['renewal between 60 and 30 days ago', 'renewal is between 60 and 30 days ago'],
  ['renewal anniversary within next 7 days', 'renewal has an anniversary in the next 7 days'],
  ['none of tags = "vip"', 'none of tags is "vip"'],
  ['size of account.tags >= 2', 'number of account tags is at least 2'],
  ['address.geo.zip is unknown', 'address geo zip is unknown'],
  ['not subscribed is true', 'not subscribed is true'],
  [
    'score >= 50 and (last activity today or first seen within 7 days)',
    'score is at least 50 and (last active today or new in the last 7 days)',
  ],
  ['no activity last month', 'not active last month'],
])('%s is said as: %s', (text, said) => {
  const parsed = parse(text)
  expect('definition' in parsed && say(parsed.definition)).toBe(said)
})

test.each<[string, unknown, string, string]>([
  ['no kind', {}, 'SHAPE', 'kind'],
  ['an unknown kind', { kind: 'all', of: [{ kind: 'everyone' }, { kind: 'nobody' }] }, 'SHAPE', 'of.1.kind'],
  ['a missing part', { kind: 'attribute', of: 'lead', name: 'title' }, 'SHAPE', 'is'],
  ['a part too many', { kind: 'everyone', but: 1 }, 'SHAPE', 'but'],
  ['no members', { kind: 'any', of: [] }, 'SHAPE', 'of'],
  [
    'exactly said of a number',
    leaf({ op: '=', value: { number: '5' }, exactly: true }),
    'SHAPE',
    'of.1.of.is',
  ],
  ['between of two kinds', leaf({ op: 'between', low: 'a', high: { number: '1' } }), 'SHAPE', 'of.1.of.is'],
  [
    'two dates as a period',
    leaf({ op: 'period', when: { is: 'between', from: 'a', to: 'b' } }),
    'SHAPE',
    'of.1.of.is.when.is',
  ],
  ['an empty path', { ...leaf({ op: 'is known' }).of[1]!.of, path: [] }, 'SHAPE', 'path'],
  ['too late an anniversary', leaf({ op: 'anniversary', within: 367 }), 'SHAPE', 'of.1.of.is.within'],
  ['a wrong type', leaf({ op: '=', value: true }), 'TYPE_MISMATCH', 'of.1.of'],
])('the JSON form with %s names the place', (_, source, code, path) => {
  const { diagnostics } = compile(source, catalog)
  expect(diagnostics.map((each) => [each.code, each.path])).toEqual([[code, path]])
})

/** The definition, where in it something is wrong, what, and what could stand there. */
test.each<[unknown, string, RegExp, RegExp?]>([
  [{ kind: 'did' }, 'event', /^This is missing\.$/, /stand: text, \{"any": true\}, \{"prefix": …\}/],
  [{ kind: 'did', event: null }, 'event', /^Nothing stands here\.$/, /stand: text/],
  [{ kind: 'did', event: ['x'] }, 'event', /^A list can't stand here\.$/, /stand: text/],
  [{ kind: 'did', event: { types: [] } }, 'event.types', /^The list is empty\.$/, /a list/],
  [{ kind: 'did', evnt: 'x' }, 'evnt', /^This key is not known here\.$/, /^Did you mean "event"\?$/],
  [
    { kind: 'did', event: 'x', colour: 1 },
    'colour',
    /not known/,
    /^Known here: kind, event, where, times, when\.$/,
  ],
  [{ kind: 'didd', event: 'x' }, 'kind', /^There is no kind "didd"\.$/, /^Did you mean "did"\?$/],
  [{ kind: 'Did', event: 'x' }, 'kind', /no kind "Did"/, /mean "did"/],
  [{ event: 'x' }, 'kind', /missing/, /stand: all, any, not, everyone, .* and others\./],
  [{ kind: 'did', event: 'x', times: 3 }, 'times', /The number 3 can't/, /\{"op": "at least", "n": 3\}/],
  [
    { kind: 'did', event: 'x', times: { op: 'at least', n: 1_000_000 } },
    'times.n',
    /^The number 1000000 is too large: 999999 is allowed\.$/,
  ],
  [{ kind: 'did', event: 'x'.repeat(201) }, 'event', /has 201 characters; 200 are allowed/],
  [
    leaf({ op: '=', value: 2 }),
    'of.1.of.is.value',
    /The number 2 can't/,
    /stand: text, true, false, \{"number": "2"\}/,
  ],
  [leaf({ op: '==', value: 'x' }), 'of.1.of.is.op', /no op "=="/, /mean "="/],
  [leaf({ op: 'in', values: 'x' }), 'of.1.of.is.values', /The text "x" can't/, /a list/],
  [leaf({ op: '=', value: { number: '1,5' } }), 'of.1.of.is.value.number', /The text "1,5" is not a number/],
  [
    leaf({ op: 'between', low: 'a', high: { number: '1' } }),
    'of.1.of.is',
    /^Both are numbers or both are text\.$/,
  ],
  [
    leaf({ op: 'period', when: { is: 'within' } }),
    'of.1.of.is.when.duration',
    /missing/,
    /\{"amount": 7, "unit": "day"\}/,
  ],
  [['did x'], '', /^A list can't stand here\.$/, /text such as did page_view within 7 days, \{"kind": "did"/],
  [5, '', /^The number 5 can't stand here\.$/, /text such as did page_view/],
])('what the JSON form %j lacks is said in words', (source, path, message, hint = /^/) => {
  const { diagnostics } = compile(source, catalog)
  expect(diagnostics.map((each) => [each.code, each.path])).toEqual([['SHAPE', path]])
  expect(diagnostics[0]!.message).toMatch(message)
  expect(diagnostics[0]!.hint ?? '').toMatch(hint)
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
  ['renewal within last 7 days', 'renewal within 7 days'],
  ['renewal is between 60 days and 30 days ago', 'renewal between 60 and 30 days ago'],
  ['renewal between 2 weeks and 1 day ago', 'renewal between 2 weeks and 1 day ago'],
  ['renewal is today', 'renewal today'],
  ["renewal is between '2026-01-01' and '2026-01-31'", 'renewal between "2026-01-01" and "2026-01-31"'],
  ['renewal is anniversary within 7 days', 'renewal anniversary within next 7 days'],
  ['any of `account`.`a b`.c = 1', 'any of `account`.`a b`.c = 1'],
  ['size of account.`and`.x = 1', 'size of account.`and`.x = 1'],
  ['`size` = 1 and `any`.of = 2', '`size` = 1 and `any`.of = 2'],
  ['size > 1 or size of size = 1', '`size` > 1 or size of `size` = 1'],
  ['did `a "b" \\`c\\` \\\\ \\n`', 'did `a "b" \\`c\\` \\\\ \\n`'],
])('%s is printed as %s', (text, printed) => {
  const parsed = parse(text)
  expect('definition' in parsed && print(parsed.definition)).toBe(printed)
})
