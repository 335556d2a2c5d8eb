import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import {
  type Catalog,
  type CatalogType,
  compileAlias,
  compileAll,
  emptyCatalog,
  parse,
  print,
  type SegmentText,
} from '../../compiler/index.ts'
import { packageFolder } from '../../config.ts'

const guide = readFileSync(join(packageFolder, 'docs', 'language.md'), 'utf8')
const blocks = [...guide.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, language = '', text = '']) => ({
  language,
  text,
}))

/** One definition a line; what is further in belongs to the line before. */
const definitions = blocks
  .filter(({ language }) => language === '')
  .flatMap(({ text }) => text.replace(/^#.*\n/gm, '').split(/\n(?! )/))
  .filter((text) => text.trim() !== '')

type EventsFile = { events: Record<string, { activity?: boolean }>; aliases: Record<string, string> }
type SegmentsFile = Record<string, { where: unknown }>
const files = blocks
  .filter(({ language }) => language === 'yaml')
  .map(({ text }) => ({ name: /^# (\S+)/.exec(text)?.[1], content: parseYaml(text) as unknown }))
const eventsFile = files.find(({ name }) => name === 'events.yaml')!.content as EventsFile
const segmentFiles = files
  .filter(({ name }) => name?.startsWith('segments/'))
  .map(({ content }) => content as SegmentsFile)

/** All that the guide speaks of. */
const attributes: Record<string, CatalogType> = {
  ...{ company_size: 'number', industry: 'text', title: 'text', subscribed: 'boolean', tags: 'json' },
  ...{ address: 'json', renewal: 'instant', birthday: 'instant', first: 'text', 'annual revenue': 'number' },
}
const types: Record<string, Record<string, CatalogType>> = {
  ...{ trial_signup: {}, api_call: {}, demo_request: {}, login: {}, whitepaper_download: {} },
  ...{ webinar_attended: {}, purchase: { amount: 'number' }, email_open: { campaign: 'text' } },
  ...{ email_click: { campaign: 'text' }, email_sent: { campaign: 'text' } },
  page_view: { page: 'text', seconds: 'number', channel: 'text', campaign: 'text' },
  conversion: { kind: 'text', value: 'number' },
}
const known: Catalog = {
  ...emptyCatalog,
  leads: new Map(Object.entries(attributes)),
  accounts: new Map([['plan', 'text']]),
  events: new Map(
    Object.entries(types).map(([type, properties]) => {
      const marks = { activity: true, conversion: false, ...eventsFile.events[type] }
      return [type, { ...marks, properties: new Map(Object.entries(properties)) }]
    }),
  ),
  scores: [
    {
      name: 'engagement',
      levels: ['cold', 'warm', 'hot', 'very hot'].map((name, at) => ({ name, from: `${at * 25}` })),
    },
    { name: 'fit', levels: [] },
  ],
}
const aliases = Object.entries(eventsFile.aliases).map(([name, text]) => {
  const { alias, diagnostics } = compileAlias(text, known, 'UTC')
  expect(diagnostics).toEqual([])
  return [name, alias!] as const
})
const catalog: Catalog = { ...known, aliases: new Map(aliases) }
const written = new Map<string, SegmentText>(
  segmentFiles.flatMap((file) =>
    Object.entries(file).map(([key, { where }]) => [key, { source: where, zone: 'UTC' }] as const),
  ),
)

describe('docs/language.md', () => {
  test('its files mean something, and the JSON form what the text form means', () => {
    const compiled = compileAll(written, catalog)
    for (const [key, { diagnostics }] of compiled) expect(diagnostics, key).toEqual([])
    expect(compiled.get('stalled-trials-json')?.fingerprint).toBe(compiled.get('stalled-trials')?.fingerprint)
  })

  test('teaches with enough of them', () => expect(definitions.length).toBeGreaterThan(60))

  test.each(definitions)('%s', (text) => {
    const all = compileAll(new Map([...written, ['this', { source: text, zone: 'UTC' }]]), catalog)
    expect(all.get('this')!.diagnostics).toEqual([])
    const parsed = parse(text)
    if (!('definition' in parsed)) throw new Error(text)
    expect(parse(print(parsed.definition))).toEqual(parsed)
  })
})
