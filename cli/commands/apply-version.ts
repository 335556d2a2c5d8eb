import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceDefinition } from '../../pipeline/project/format.ts'
import type { Project } from '../../pipeline/project/settings.ts'
import { readSources } from '../../pipeline/project/sources.ts'
import { findSegment } from '../../pipeline/reads.ts'
import { type GoneBack, goBack } from '../../pipeline/versions.ts'
import type { Cli } from '../cli.ts'
import { WrongUsage } from '../errors.ts'
import { definitionLine } from '../plan/words.ts'
import { author } from '../runs.ts'

/** What the file holds now, beside what the database does. */
type FileStands =
  | { readonly state: 'same' }
  | { readonly state: 'no file' }
  | { readonly state: 'differs'; readonly file: string }
  | { readonly state: 'written'; readonly file: string }

/** `apply KEY --to VERSION`: the database goes back; the file does too if it was said, or is told what to hold. */
export async function applyVersion(
  cli: Cli,
  asked: { key: string | undefined; to: number | undefined; write: boolean },
): Promise<void> {
  const { key, to } = asked
  if (key === undefined || to === undefined) {
    throw new WrongUsage({
      code: 'WRONG_USAGE',
      message:
        key === undefined ? '--to needs the key of a segment.' : 'A KEY stands together with --to VERSION.',
      hint: 'Such as `tideline apply hot-leads --to 3`; `tideline versions hot-leads` shows the versions.',
    })
  }
  const { database, project } = await cli.open()
  await findSegment(database, key)
  const gone = await goBack(database, { key, version: to, by: author() })
  const stands = fileOf(project, key, gone.to.definition, asked.write)
  const { version, others } = gone
  await cli.print({
    columns: [
      { name: 'segment' },
      { name: 'version', kind: 'number' },
      { name: 'definition' },
      { name: 'file' },
    ],
    rows: [{ segment: key, version, definition: gone.to.definition, file: stands.state }],
    document: {
      segment: key,
      version,
      went_back_to: to,
      before: gone.from.definition,
      after: gone.to.definition,
      also_changed: others,
      file: stands,
    },
    lines: [...wentBack(key, gone), ...aboutTheFile(key, gone, stands, project)],
  })
}

function fileOf(project: Project, key: string, definition: string, write: boolean): FileStands {
  const source = readSources(project).segments.find((each) => each.key === key)
  if (!source) return { state: 'no file' }
  const held = typeof source.where === 'string' ? source.where.trim() : JSON.stringify(source.where)
  if (held === definition) return { state: 'same' }
  const { file } = source.locate({})
  const path = join(project.folder, file)
  const text = write ? replaceDefinition(readFileSync(path, 'utf8'), key, definition) : undefined
  if (text === undefined) return { state: 'differs', file }
  writeFileSync(path, text)
  return { state: 'written', file }
}

function wentBack(key: string, { version, from, to, others }: GoneBack): string[] {
  if (version === null) return [`${key} means what version ${to.version} means already: nothing was done.`]
  return [
    `~ ${key}  version ${version} is what version ${to.version} was`,
    `  ${definitionLine(from.definition)}`,
    `  →  ${definitionLine(to.definition)}`,
    ...(others.length > 0 ? [`  Refer to it, and have a new version too: ${others.join(', ')}.`] : []),
    'Members follow with the next run: `tideline run`.',
  ]
}

function aboutTheFile(key: string, { to }: GoneBack, stands: FileStands, project: Project): string[] {
  const zone =
    to.zone === project.settings.timezone
      ? []
      : [
          `Its days are those of ${to.zone}; the next apply from the file means those of ${project.settings.timezone}.`,
        ]
  if (stands.state === 'same' || stands.state === 'no file') return zone
  if (stands.state === 'written') return [...zone, `${stands.file} holds it now as well: commit it.`]
  return [
    ...zone,
    '',
    `${stands.file} still holds the other definition, and the next apply would bring it back.`,
    `Put this there, or repeat the command with --write:`,
    '',
    `${key}:`,
    '  where: |',
    ...to.definition.split('\n').map((line) => `    ${line}`),
  ]
}
