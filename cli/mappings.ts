import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import { nearest } from '../compiler/index.ts'
import { UserError } from '../pipeline/errors.ts'
import type { Project } from '../pipeline/project/settings.ts'
import { importsFile, type mappingShape } from '../pipeline/project/shapes.ts'
import { readWhole } from '../pipeline/project/yaml.ts'
import { WrongUsage } from './errors.ts'

/** What an import is told about a file's columns. */
export type Mapping = {
  readonly map: Record<string, string>
  readonly set: Record<string, string>
  readonly dateFormat: string | Record<string, string> | undefined
}

export type MappingOptions = {
  readonly map?: readonly string[]
  readonly set?: readonly string[]
  readonly dateFormat?: readonly string[]
  readonly mapping?: string
}

const fileName = 'imports.yaml'

/** The mapping that the options say, on top of the one that imports.yaml keeps under a name. */
export function readMapping(project: Project, options: MappingOptions): Mapping {
  const kept = options.mapping === undefined ? undefined : named(project, options.mapping)
  const formats = dateFormats(options.dateFormat ?? [])
  return {
    map: { ...kept?.map, ...pairs(options.map ?? [], '--map', 'lead_id=mql_id') },
    set: { ...kept?.set, ...pairs(options.set ?? [], '--set', 'type=first_contact') },
    dateFormat: formats ?? kept?.date_format,
  }
}

function named(project: Project, name: string): z.infer<typeof mappingShape> {
  const path = join(project.folder, fileName)
  const { mappings } = existsSync(path) ? readFile(path) : { mappings: {} }
  const found = mappings[name]
  if (found) return found
  const near = nearest(name, Object.keys(mappings))
  throw new UserError({
    code: 'UNKNOWN_MAPPING',
    message: `${fileName} has no mapping "${name}".${near ? ` Did you mean "${near}"?` : ''}`,
    hint: `Write it there: mappings: { ${name}: { map: { lead_id: … }, set: { type: … } } }.`,
  })
}

const readFile = (path: string): z.infer<typeof importsFile> =>
  readWhole(path, importsFile, {
    code: 'BAD_MAPPINGS',
    hint: 'It holds mappings: { NAME: { map: { TARGET: COLUMN }, set: { TARGET: VALUE }, date_format: DMY } }.',
  })

function pairs(texts: readonly string[], option: string, example: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const text of texts) {
    const at = text.indexOf('=')
    if (at < 1 || at === text.length - 1) throw notAPair(text, option, example)
    found[text.slice(0, at)] = text.slice(at + 1)
  }
  return found
}

/** `DMY` for all columns, or `won_date=MDY` for one. */
function dateFormats(texts: readonly string[]): string | Record<string, string> | undefined {
  const single = texts.filter((text) => !text.includes('='))
  if (single.length === 0) return texts.length > 0 ? pairs(texts, '--date-format', 'won_date=MDY') : undefined
  if (texts.length === 1) return texts[0]
  throw new WrongUsage({
    code: 'WRONG_USAGE',
    message: `--date-format ${single[0]} is meant for all columns, so it stands alone.`,
    hint: 'Or say it for each: --date-format won_date=MDY --date-format seen=DMY.',
  })
}

const notAPair = (text: string, option: string, example: string): WrongUsage =>
  new WrongUsage({
    code: 'WRONG_USAGE',
    message: `${option} "${text}" is not of the form target=${option === '--set' ? 'value' : 'column'}.`,
    hint: `Such as ${option} ${example}.`,
  })
