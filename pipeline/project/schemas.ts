import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { definitionShape } from '../../compiler/index.ts'
import { eventsFile, importsFile, keyPattern, scoringFile, segmentShape, settingsShape } from './shapes.ts'

const segmentsFile = z.record(
  z.string().regex(keyPattern),
  segmentShape.extend({
    where: z
      .union([
        z.string().min(1).describe('The text form: score >= 40 and did page_view where page = "/pricing".'),
        definitionShape.describe('The JSON form.'),
      ])
      .describe('Which leads are meant.'),
  }),
)

/** By the name of the file that each is for; `definition` is the JSON form of a definition. */
const shapes = {
  tideline: { shape: settingsShape, title: 'tideline.yaml: the settings of a Tideline project' },
  segments: { shape: segmentsFile, title: 'segments/*.yaml: segments by their keys' },
  events: { shape: eventsFile, title: 'events.yaml: event types and aliases' },
  scoring: { shape: scoringFile, title: 'scoring.yaml: scores' },
  imports: { shape: importsFile, title: 'imports.yaml: mappings for import' },
  definition: { shape: definitionShape, title: 'The JSON form of a definition' },
} as const

export type SchemaName = keyof typeof shapes
export const schemaNames = Object.keys(shapes) as SchemaName[]

/** A JSON Schema (draft 7, which editors know best) made from the shape that reads the file. */
export function schemaOf(name: SchemaName): Record<string, unknown> {
  const { shape, title } = shapes[name]
  const { $schema, ...schema } = z.toJSONSchema(shape, {
    target: 'draft-7',
    io: 'input',
    unrepresentable: 'any',
  }) as Record<string, unknown>
  return { $schema, title, ...schema }
}

/** Where editors find them, relative to the project; made anew by `init` and `check`. */
const folder = join('.tideline', 'schemas')

/** Writes those that are not there as they should be. */
export function writeSchemas(project: string): void {
  mkdirSync(join(project, folder), { recursive: true })
  for (const name of schemaNames) {
    const path = join(project, folder, `${name}.json`)
    const text = `${JSON.stringify(schemaOf(name), null, 2)}\n`
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text)
  }
}

/** The comment by which editors know what a file of the project may say, for its first line. */
export function schemaComment(file: string): string {
  const parts = file.split(/[\\/]/)
  const name = parts.length > 1 ? 'segments' : file.replace(/\.ya?ml$/, '')
  if (!schemaNames.some((each) => each === name)) return ''
  return `# yaml-language-server: $schema=${'../'.repeat(parts.length - 1)}.tideline/schemas/${name}.json\n`
}
