import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { conditions, parse } from '../../compiler/index.ts'
import { packageFolder } from '../../config.ts'
import { type SchemaName, schemaNames, schemaOf } from '../../pipeline/project/schemas.ts'
import { deskOf } from './support.ts'

const ajv = new Ajv({ allErrors: false, strict: false })
const validators = new Map<SchemaName, ValidateFunction>()
function wrongWith(name: SchemaName, value: unknown): string {
  const validate = validators.get(name) ?? ajv.compile(schemaOf(name))
  validators.set(name, validate)
  return validate(value) ? '' : ajv.errorsText(validate.errors)
}
const ofFile = (name: string): SchemaName =>
  schemaNames.find((each) => `${each}.yaml` === name.split('/').at(-1)) ?? 'segments'

const yamlFiles = ['templates', 'examples'].flatMap((folder) =>
  readdirSync(join(packageFolder, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yaml') && !name.includes('.github') && !name.includes('ci/'))
    .map((name) => join(folder, name)),
)

describe('the JSON Schemas', () => {
  test.each(yamlFiles)('%s is valid', (name) => {
    const value = parseYaml(readFileSync(join(packageFolder, name), 'utf8'))
    expect(wrongWith(ofFile(name), value ?? {})).toBe('')
  })

  test.each(conditions.map(({ kind, examples }) => [kind, examples] as const))(
    'every example of %s is valid in the JSON form',
    (_, examples) => {
      for (const example of examples) {
        const parsed = parse(example)
        expect(parsed, example).toHaveProperty('definition')
        if ('definition' in parsed) expect(wrongWith('definition', parsed.definition), example).toBe('')
      }
    },
  )

  test.each<[SchemaName, string]>([
    ['tideline', '{}'],
    ['tideline', 'timezone: Europe/Berlin\nslots: "0 * * * *"\ncatch_up: 2 days'],
    ['segments', 'a:\n  renamed_from: b\n  where: { kind: not, of: { kind: everyone } }'],
    ['segments', 'a:\n  status: paused\n  where: everyone'],
    ['events', 'events:\n  a: { channel: x, activity: false }\naliases:\n  b: a where c = 1'],
    ['events', 'events:\naliases:'],
    ['events', 'events:\n  a:\n  b: {}'],
    ['scoring', 'scores: { a: { points: { x: 1.5 }, levels: { cold: 0 } } }'],
    ['imports', 'mappings: { a: { map: { lead_id: x }, set: { type: 5 }, date_format: { d: MDY } } }'],
  ])('%s: %s is valid', (name, text) => {
    expect(wrongWith(name, parseYaml(text))).toBe('')
  })

  test.each<[SchemaName, string]>([
    ['tideline', 'timezon: UTC'],
    ['tideline', 'schema: My Schema'],
    ['segments', 'a: {}'],
    ['segments', 'A b: { where: everyone }'],
    ['segments', 'a: { where: everyone, colour: red }'],
    ['segments', 'a: { where: { kind: everybody } }'],
    ['segments', 'a: { where: everyone, status: on }'],
    ['events', 'page_view: { channel: web }'],
    ['events', 'events: { a: { activity: maybe } }'],
    ['events', 'aliases: { a: { where: x } }'],
    ['scoring', 'scores: { a: { points: { x: lots } } }'],
    ['scoring', 'scores: { a: { rules: [{ events: x }] } }'],
    ['scoring', 'scores: { a: { rules: [{ events: x, where: y, points: 1 }] } }'],
    ['scoring', 'scores: { a: { of_leads: most of b } }'],
    ['definition', '{ kind: did }'],
    ['definition', '{ kind: all, of: [] }'],
  ])('%s: %s is not', (name, text) => {
    expect(wrongWith(name, parseYaml(text))).not.toBe('')
  })

  test('describe what stands in the files', () => {
    const events = JSON.stringify(schemaOf('events'))
    expect(events).toContain('Names that stand for events with a filter')
    expect(events).toContain('"$schema":"http://json-schema.org/draft-07/schema#"')
  })

  test('are printed by `schema`, and written where the files of `init` name them', async () => {
    const desk = deskOf(undefined)
    for (const name of schemaNames)
      expect(JSON.parse((await desk.type(`schema ${name}`)).out)).toEqual(schemaOf(name))
    expect(JSON.parse((await desk.typeAtTerminal('schema segments')).out)).toEqual(schemaOf('segments'))
    expect(JSON.parse((await desk.type('schema')).out)).toHaveLength(schemaNames.length)
    await desk.type('init shop --templates')
    const files = [
      'tideline.yaml',
      'events.yaml',
      'scoring.yaml',
      'segments/trials.yaml',
      'segments/activity.yaml',
    ]
    for (const file of files) {
      const path = join(desk.folder, 'shop', file)
      const text = readFileSync(path, 'utf8')
      const named = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text)?.[1]
      expect(existsSync(join(path, '..', named ?? 'missing')), file).toBe(true)
      expect(wrongWith(ofFile(file), parseYaml(text) ?? {})).toBe('')
    }
  })
})
