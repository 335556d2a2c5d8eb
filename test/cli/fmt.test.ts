import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatSegments, replaceDefinition } from '../../pipeline/project/format.ts'
import { deskOf } from './support.ts'

const messy = `# All of them.
short:   # kept
  name:   'Short'   # kept too
  where:   score>=40   # why forty

long:
  where: score >= 30 and company_size > 500 and industry = "Technology" and did page_view where page = "/pricing" # end
  owner: ops


block:
  where: |   # a head
      did trial_signup
        and last activity more than 14 days ago and (not did api_call
      or  score > 4)

folded:
  where: >-
    did a
    and did b
quoted:
  where: "industry = 'x'"
flow: { name: Flow, where: 'score>40 and did x' }
commented:
  where: |
    did a # first this
    and did b
wrong:
  where: did did and
json:
  where: { kind: everyone }
`

const tidy = `# All of them.
short:   # kept
  name:   'Short'   # kept too
  where:   score >= 40   # why forty

long:
  where: | # end
    score >= 30
    and company_size > 500
    and industry = "Technology"
    and did page_view where page = "/pricing"
  owner: ops


block:
  where: |   # a head
      did trial_signup
      and last activity more than 14 days ago
      and (not did api_call or score > 4)

folded:
  where: >-
    did a
    and did b
quoted:
  where: industry = "x"
flow: { name: Flow, where: score > 40 and did x }
commented:
  where: |
    did a # first this
    and did b
wrong:
  where: did did and
json:
  where: { kind: everyone }
`

describe('fmt', () => {
  test('writes definitions in form, keeps the rest byte for byte, and says what it leaves alone', () => {
    const formatted = formatSegments(messy)
    expect(formatted.text).toBe(tidy)
    expect(formatted.changed).toEqual(['short', 'long', 'block', 'quoted', 'flow'])
    expect(formatted.left).toEqual([
      { key: 'commented', reason: 'it has comments inside' },
      { key: 'wrong', reason: 'it is not understood; `tideline check` says why' },
    ])
    expect(formatSegments(tidy)).toMatchObject({ text: tidy, changed: [] })
  })

  test('keeps the ends of lines that a file has', () => {
    const windows = (text: string) => text.replaceAll('\n', '\r\n')
    expect(formatSegments(windows(messy)).text).toBe(windows(tidy))
    expect(formatSegments(messy.trimEnd()).text).toBe(tidy.trimEnd())
  })

  test('opens groups that are too long for a line', () => {
    const names = (word: string, from: number) =>
      Array.from({ length: 6 }, (_, index) => `did a_rather_long_event_${from + index}`).join(` ${word} `)
    const source = `x:\n  where: (${names('or', 1)}) and not (${names('and', 10)}) and score > 5\n`
    expect(formatSegments(source).text).toBe(`x:
  where: |
    (
      did a_rather_long_event_1
      or did a_rather_long_event_2
      or did a_rather_long_event_3
      or did a_rather_long_event_4
      or did a_rather_long_event_5
      or did a_rather_long_event_6
    )
    and not (
      did a_rather_long_event_10
      and did a_rather_long_event_11
      and did a_rather_long_event_12
      and did a_rather_long_event_13
      and did a_rather_long_event_14
      and did a_rather_long_event_15
    )
    and score > 5
`)
  })

  test('what YAML would read otherwise is kept safe', () => {
    for (const definition of [
      '`my: name` = "a # b"',
      'name = "x: y"',
      '`-x` is known',
      'not did x',
      'name in ("a", "b")',
    ]) {
      for (const source of [
        'k:\n  where: everyone\n  name: n\n',
        'k: { where: everyone, name: n }\n',
        'k:\n  where: "everyone" # c\n',
      ]) {
        const next = replaceDefinition(source, 'k', definition)
        expect(next, `${source} ${definition}`).toBeDefined()
        expect(formatSegments(next!)).toMatchObject({ left: [], changed: [] })
      }
    }
  })

  test('never changes what a file says, whatever stands around', () => {
    const blank = fc.constantFrom('', ' ', '   ', ' # c')
    const style = fc.constantFrom(
      (text: string) => `  where: ${text}`,
      (text: string) => `  where: '${text.replaceAll("'", "''")}'`,
      (text: string) => `  where: |\n      ${text.replaceAll(' and ', '\n      and ')}`,
      (text: string) => `  where: >\n    ${text}`,
    )
    const text = fc.constantFrom(
      'everyone',
      'did  a and   did b',
      '(did a or did b) and score>5',
      'not (did a)',
      `name='a b'`,
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(text, style, blank), { minLength: 1, maxLength: 5 }), (entries) => {
        const source = entries
          .map(([each, write, tail], index) => `k${index}:${tail}\n${write(each)}\n  name: n\n`)
          .join('\n')
        const { text: once, left } = formatSegments(source)
        expect(left).toEqual([])
        expect(formatSegments(once).text).toBe(once)
        const rest = (file: string) => file.split('\n').filter((line) => /^k\d|name: n|^$/.test(line))
        expect(rest(once)).toEqual(rest(source))
      }),
      { numRuns: 200 },
    )
  })

  test('as a command; --check changes nothing and fails', async () => {
    const desk = deskOf(undefined)
    desk.file('tideline.yaml', '')
    desk.file('segments/a.yaml', messy)
    const held = () => readFileSync(join(desk.folder, 'segments/a.yaml'), 'utf8')
    const checked = await desk.type('fmt --check --format table')
    expect(checked.code).toBe(1)
    expect(checked.out).toMatch(
      /^~ segments\/a\.yaml {2}short\n(.*\n)*5 definitions not in form: `tideline fmt` writes them anew\.\n$/,
    )
    expect(held()).toBe(messy)
    const done = await desk.type('fmt segments/a.yaml')
    expect(done.code).toBe(0)
    expect(JSON.parse(done.out)).toContainEqual({
      file: 'segments/a.yaml',
      segment: 'commented',
      action: 'left',
      reason: 'it has comments inside',
    })
    expect(held()).toBe(tidy)
    expect((await desk.type('fmt --check')).code).toBe(0)
    expect((await desk.type('fmt nothing.yaml')).code).toBe(1)
  })
})
