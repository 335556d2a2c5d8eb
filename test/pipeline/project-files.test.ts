import { describe, expect, test } from 'vitest'
import { checkSources } from '../../pipeline/apply.ts'
import { findProject } from '../../pipeline/project/settings.ts'
import { readSources } from '../../pipeline/project/sources.ts'
import { newFolder, writeInto } from '../cli/support.ts'
import { catalog } from '../support/world.ts'

/** What the files of a project say, read and compiled without a database. */
function read(files: Record<string, string>) {
  const folder = newFolder()
  for (const [name, text] of Object.entries({ 'tideline.yaml': '', ...files })) writeInto(folder, name, text)
  const project = findProject(folder, folder)
  const sources = readSources(project)
  const known = { ...catalog, aliases: new Map(), segments: new Map() }
  return { project, sources, ...checkSources(sources, known, project.settings.timezone) }
}

/** `line:column CODE message | hint`, and what the carets stand under. */
const found = (files: Record<string, string>) =>
  read(files).findings.map(({ line, column, length, excerpt, code, message, hint }) => ({
    said: `${line}:${column} ${code} ${message}${hint ? ` | ${hint}` : ''}`,
    under: excerpt.slice(column - 1, column - 1 + length),
  }))
const said = (files: Record<string, string>) => found(files).map((each) => each.said)

const whole =
  'Here could stand: text such as did page_view within 7 days, {"kind": "did", "event": "page_view"}.'

describe('what stands in a file and does not fit', () => {
  test.each<[string, string, string]>([
    ['x:\n', `1:1 BAD_FILE where: This is missing. | ${whole}`, 'x'],
    ['x: null\n', `1:1 BAD_FILE where: This is missing. | ${whole}`, 'x'],
    ['x:\n  where:\n', `2:9 BAD_FILE where: Nothing stands here. | ${whole}`, ''],
    [
      'x:\n  wher: |\n    everyone\n',
      '2:3 BAD_FILE wher: This key is not known here. | Did you mean "where"?',
      'wher',
    ],
    [
      'x:\n  where: everyone\n  colour: red\n',
      '3:3 BAD_FILE colour: This key is not known here. | Known here: name, owner, action, review, status, renamed_from, where.',
      'colour',
    ],
    ['x:\n  where: [everyone]\n', `2:10 SHAPE A list can't stand here. | ${whole}`, '['],
    [
      'x:\n  where: everyone\n  name: 2026\n',
      `3:9 BAD_FILE name: The number 2026 can't stand here. | Here could stand: text.`,
      '2026',
    ],
    [
      'x: { where: everyone, status: activ }\n',
      '1:31 BAD_FILE status: There is no status "activ". | Did you mean "active"?',
      'activ',
    ],
    [
      'x: { where: everyone, status: on }\n',
      '1:31 BAD_FILE status: There is no status "on". | Here could stand: draft, active, paused.',
      'on',
    ],
    [
      'x: did page_view\n',
      `1:1 BAD_FILE The text "did page_view" can't stand here. | Here could stand: {"where": …}.`,
      'x',
    ],
    [
      'x:\n  where:\n    kind: all\n    of:\n      - { kind: did, evnt: page_view }\n',
      '5:22 SHAPE of.0.evnt: This key is not known here. | Did you mean "event"?',
      'evnt',
    ],
    [
      'x:\n  where: { kind: attribute, of: lead, name: company_size, is: { op: ">", value: 2 } }\n',
      '2:81 SHAPE is.value: The number 2 can\'t stand here. | Here could stand: text, true, false, {"number": "2"}.',
      '2',
    ],
  ])('segments: %j', (text, expected, under) => {
    expect(found({ 'segments/a.yaml': text })).toEqual([{ said: expected, under }])
  })

  test.each<[string, string]>([
    ['{ points: ten }', `points: The text "ten" can't stand here. | Here could stand: a map.`],
    [
      '{ points: { page_view: ten } }',
      `points.page_view: The text "ten" can't stand here. | Here could stand: a number.`,
    ],
    [
      '{ rules: [{ events: page_view, points: ten }] }',
      `rules.0.points: The text "ten" can't stand here. | Here could stand: a number.`,
    ],
    [
      '{ rules: [{ events: page_view, where: seconds > 5, points: 1 }] }',
      'rules.0.where: This key is not known here. | Known here: events, points, cap_per_day, cap_per_lead, from, until, fade, such as {"events": "page_view where seconds > 30", "points": 5}.',
    ],
    [
      '{ rules: [{ evens: page_view, points: 1 }] }',
      'rules.0.evens: This key is not known here. | Did you mean "events"?',
    ],
    [
      '{ rules: [5] }',
      'rules.0: The number 5 can\'t stand here. | Here could stand: {"events": "page_view where seconds > 30", "points": 5}, {"where": "company_size > 500", "points": 5}.',
    ],
    [
      '{ points: { page_view: 2000000000 } }',
      'points.page_view: The number 2000000000 is further from 0 than 1,000,000,000, which is the limit. | Here could stand: a number.',
    ],
    [
      '{ points: { page_view: 0.1234567 } }',
      'points.page_view: The number 0.1234567 has more than six places. | Here could stand: a number.',
    ],
    [
      '{ rules: [{ events: page_view, points: 1, fade: half-life 40000 days }] }',
      'rules.0.fade: The text "half-life 40000 days" is not between 1 and 36525 days. | Here could stand: text such as half-life 30 days, expires after 90 days, linear over 60 days, none.',
    ],
    [
      '{ rules: [{ events: page_view, points: 1, fade: half-life 2 weeks }] }',
      'rules.0.fade: The text "half-life 2 weeks" is no way to fade in whole days. | Here could stand: text such as half-life 30 days, expires after 90 days, linear over 60 days, none.',
    ],
    [
      '{ rules: [{ events: page_view, points: 1, cap_per_day: 0 }] }',
      'rules.0.cap_per_day: The number 0 caps nothing: a cap is more than 0. | Here could stand: a number.',
    ],
    [
      '{ rules: [{ events: page_view, points: 1, from: soon }] }',
      'rules.0.from: The text "soon" is neither a day nor an instant. | Here could stand: text such as 2026-01-31, 2026-01-31 14:00.',
    ],
    [
      '{ of_leads: most of engagement }',
      'of_leads: The text "most of engagement" does not say what is made of which score. | Here could stand: text such as sum of engagement, max of engagement, mean of engagement.',
    ],
  ])('scoring.yaml: %s', (score, expected) => {
    const [only, ...others] = said({ 'scoring.yaml': `scores:\n  a: ${score}\n` })
    expect(only?.replace(/^2:\d+ /, '')).toBe(`BAD_FILE ${expected}`)
    expect(others).toEqual([])
  })

  test('events.yaml: an entry about which nothing is said is an event type; an alias has to stand for something', () => {
    const files = { 'events.yaml': 'events:\n  page_view:\n  login: null\n' }
    expect(read(files)).toMatchObject({
      findings: [],
      sources: {
        events: [{ type: 'page_view', activity: true, conversion: false, channel: null }, { type: 'login' }],
      },
    })
    expect(said({ 'events.yaml': 'aliases:\n  a:\n' })).toEqual([
      '2:3 BAD_FILE Nothing stands here. | Here could stand: text such as page_view where seconds > 30.',
    ])
    expect(said({ 'events.yaml': 'event:\n  page_view: {}\n' })).toEqual([
      '1:1 BAD_FILE "event" is not known here; everything stands under "events:" or "aliases:". | Did you mean "events"?',
    ])
    expect(said({ 'events.yaml': 'events:\n  page_view: { activity: nope, chanel: web }\n' })).toEqual([
      `2:26 BAD_FILE activity: The text "nope" can't stand here. | Here could stand: true, false.`,
      '2:32 BAD_FILE chanel: This key is not known here. | Did you mean "channel"?',
    ])
  })

  test('settings: the place, what stands there, and what could', () => {
    const wrong = (text: string) => () => read({ 'tideline.yaml': text })
    expect(wrong('# mine\ntimezone: Mars/Olympus\n')).toThrow(
      expect.objectContaining({
        message: 'timezone: The text "Mars/Olympus" is not a time zone this machine knows.',
        where: expect.stringMatching(/tideline\.yaml:2:11$/),
        hint: 'Here could stand: text such as Europe/Berlin. docs/project.md lists the settings.',
      }),
    )
    expect(wrong('guard: { max_chnge: 30% }\n')).toThrow('guard.max_chnge: This key is not known here.')
    expect(wrong('guard: off\n')).toThrow(`guard: The text "off" can't stand here.`)
    expect(wrong('lake_from: -1\n')).toThrow('lake_from: The number -1 is too small: 0 is allowed.')
    expect(wrong('schema: ""\n')).toThrow('schema: The text "" is not a plain lower-case name.')
    expect(wrong('a: [\n')).toThrow('A bracket that begins before this is not closed.')
  })

  test('the spelling of the time zone is no part of its meaning', () => {
    const zones = ['Europe/Berlin', 'europe/berlin', 'EUROPE/BERLIN'].map(
      (zone) => read({ 'tideline.yaml': `timezone: ${zone}\n` }).project.settings.timezone,
    )
    expect(zones).toEqual(['Europe/Berlin', 'Europe/Berlin', 'Europe/Berlin'])
    expect(read({}).project.settings.timezone).toBe('UTC')
    expect(read({ 'tideline.yaml': 'timezone: asia/calcutta' }).project.settings.timezone).toBe(
      'Asia/Calcutta',
    )
  })
})

/** The text of a file that is no YAML. */
test.each<[string, string]>([
  ['a:\n  where: everyone\n---\nb:\n  where: everyone\n', '3:1 BAD_YAML A second document begins here'],
  ['a:\n  where: everyone\na:\n  where: everyone\n', '3:1 BAD_YAML This key stands here a second time.'],
  ['a:\n\twhere: everyone\n', '2:1 BAD_YAML This line is indented with a tab.'],
  ['a:\n  where: everyone\n name: x\n', '3:1 BAD_YAML This line is not indented as those around it.'],
  [
    'a:\n  where: `x` = 1\n',
    '2:10 BAD_YAML A text that begins with this character means something else in YAML.',
  ],
  ['a:\n  where: title = "a: b"\n', '2:10 BAD_YAML Here a colon makes a map of what was a text.'],
  ['a:\n  where: did x\n  and did y\n', '3:3 BAD_YAML A key is expected here, with a colon behind it.'],
  ["a:\n  where: 'x' = 1\n", '2:14 BAD_YAML This can not stand behind what stands before it.'],
  ['a:\n  where: "x\n', '3:1 BAD_YAML The quote that begins here or before is not closed.'],
  ['a: { where: everyone\n', '2:1 BAD_YAML A bracket that begins before this is not closed.'],
  ['did x\nand did y: 1\n', '1:1 BAD_YAML What begins here is neither a map nor one text.'],
  [
    'a:\n  where: "title matches \\d"\n',
    '2:25 BAD_YAML Within double quotes this is an escape that YAML does not know.',
  ],
])('%j is answered in words of ours', (text, expected) => {
  const findings = said({ 'segments/a.yaml': text })
  expect(findings).toHaveLength(1)
  expect(findings[0]!.startsWith(expected), findings[0]).toBe(true)
})

describe('scoring.yaml', () => {
  const reading = {
    'segments/a.yaml':
      'hot:\n  where: score > 5\nwarm:\n  where: fit level is good\nboth:\n  where: in segment "hot" and titel = "x"\n',
  }
  const errors = (scoring: string) =>
    said({ ...reading, 'scoring.yaml': scoring }).map((each) => each.split(' ', 2)[1])

  test('that can not be read is said to be so, and no segment that reads its scores', () => {
    expect(errors('scores: [\n')).toEqual(['BAD_YAML', 'UNKNOWN_ATTRIBUTE'])
    expect(
      errors(
        'scores:\n  engagement: { points: { page_view: ten } }\n  account: { of_leads: sum of engagement }\n',
      ),
    ).toEqual(['BAD_FILE', 'UNKNOWN_ATTRIBUTE'])
    expect(errors('scores:\n  engagement: { rules: [{ events: did x, points: 1 }] }\n')).toEqual([
      'SYNTAX',
      'UNKNOWN_ATTRIBUTE',
    ])
    expect(errors('scores: {}\n')).toEqual([
      'UNKNOWN_SCORE',
      'UNKNOWN_SCORE',
      'SEGMENT_BROKEN',
      'UNKNOWN_ATTRIBUTE',
    ])
  })

  test.each([
    'max',
    'not',
    'and',
    'score',
    'level',
    'entered',
    'did',
    'everyone',
    'converted',
    'then',
    'where',
  ])('a score called %s would be taken for a word of the language', (name) => {
    const [only, ...others] = said({ 'scoring.yaml': `scores:\n  ${name}: { points: { page_view: 1 } }\n` })
    expect(only).toMatch(
      new RegExp(`^2:3 BAD_KEY "${name}" can't be the name of a score: \`.*\\b${name}\\b.*\` does not`),
    )
    expect(others).toEqual([])
  })

  test.each(['fit', 'account', 'in', 'last', 'Max', 'very fit', '2nd'])('one called %s is not', (name) => {
    const text = /^\w+$/.test(name) && !/^\d/.test(name) ? name : `\`${name}\``
    const files = {
      'scoring.yaml': `scores:\n  ${name}: { points: { page_view: 1 }, levels: { a: 0 } }\n`,
      'segments/a.yaml': `a:\n  where: |\n    ${text} score > 5 and max ${text} score > 5 and ${text} level is a\n`,
    }
    expect(said(files)).toEqual([])
  })

  test('`until` lies after `from`, in the time zone of the project', () => {
    const rule = (from: string, until: string, timezone = 'UTC') =>
      said({
        'tideline.yaml': `timezone: ${timezone}\n`,
        'scoring.yaml': `scores:\n  a:\n    rules:\n      - { events: page_view, points: 1, from: ${from}, until: ${until} }\n`,
      })
    const refused = (from: string, until: string) => [
      `4:66 BAD_RANGE "${until}" does not lie after "${from}": no event would count. | Events count from the one (included) until the other (excluded).`,
    ]
    expect(rule('2026-02-01', '2026-01-01')).toEqual(refused('2026-02-01', '2026-01-01'))
    expect(rule('2026-01-01', '2026-01-01')).toEqual(refused('2026-01-01', '2026-01-01'))
    expect(rule('2026-01-01', '2026-01-02')).toEqual([])
    const [noon] = ['2026-01-01T12:00Z']
    expect(rule(noon!, '2026-01-02', 'Pacific/Kiritimati')).toHaveLength(1)
    expect(rule(noon!, '2026-01-02', 'Pacific/Honolulu')).toEqual([])
  })
})

test('segments stand in folders of segments/ as well', () => {
  const { sources, findings } = read({
    'segments/a.yaml': 'a:\n  where: everyone\n',
    'segments/growth/b.yml': 'b:\n  where: everyone\n',
    'segments/growth/eu/c.yaml': 'c:\n  where: everyone\na:\n  where: everyone\n',
    'segments/growth/README.md': '# d:\n',
  })
  expect(sources.segments.map(({ key }) => key)).toEqual(['a', 'b', 'c'])
  expect(sources.segments[2]!.locate({}).file).toBe('segments/growth/eu/c.yaml')
  expect(findings.map(({ file, code, message }) => [file, code, message])).toEqual([
    ['segments/growth/eu/c.yaml', 'DUPLICATE_KEY', 'There is a segment "a" already, in segments/a.yaml:2.'],
  ])
})
