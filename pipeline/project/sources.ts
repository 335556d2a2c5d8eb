import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import type { Diagnostic } from '../../compiler/index.ts'
import { readScores, type ScoreSource } from './scoring.ts'
import type { Project } from './settings.ts'
import { aliasShape, eventShape, keyPattern, segmentShape } from './shapes.ts'
import { type Entry, type Finding, type Place, readYaml } from './yaml.ts'

export type { ScoreSource } from './scoring.ts'
export type { Finding, Place } from './yaml.ts'

/** What is wrong with a definition, as far as it says where: in its text form, or at a path of its JSON form. */
type Found = Pick<Diagnostic, 'span' | 'path' | 'isKey'>

export type SegmentSource = {
  readonly key: string
  readonly name: string
  readonly owner: string | null
  readonly action: string | null
  readonly review: string | null
  readonly status: 'draft' | 'active' | 'paused'
  /** The key it had before. */
  readonly renamedFrom?: string | undefined
  /** Text form, or JSON form. */
  readonly where: unknown
  /** From a place in the definition, or of another field, to a place in the file. */
  locate(found: Found & { field?: string }): Place
}

export type EventTypeSource = {
  readonly type: string
  readonly channel: string | null
  readonly activity: boolean
  readonly conversion: boolean
}

export type AliasSource = {
  readonly name: string
  readonly text: string
  readonly locate: (found: Found) => Place
}

/** Everything that the files of a project say. */
export type Sources = {
  readonly segments: readonly SegmentSource[]
  readonly events: readonly EventTypeSource[]
  readonly aliases: readonly AliasSource[]
  readonly scores: readonly ScoreSource[]
  readonly findings: readonly Finding[]
}

/** Reads segments/*.yaml, events.yaml and scoring.yaml. What is wrong becomes a finding, never an exception. */
export function readSources(project: Project): Sources {
  const findings: Finding[] = []
  return {
    segments: readSegments(project, findings),
    ...readEvents(project, findings),
    scores: readScores(project, findings),
    findings,
  }
}

/** The files of segments, relative to the project: those in folders of their own as well. */
export function segmentFiles(project: Project): string[] {
  const folder = join(project.folder, 'segments')
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: 'utf8' }) : []
  return files
    .filter((file) => /\.ya?ml$/.test(file))
    .sort()
    .map((file) => join('segments', file))
}

function readSegments(project: Project, findings: Finding[]): SegmentSource[] {
  const segments: SegmentSource[] = []
  for (const file of segmentFiles(project)) {
    readYaml(project, file, findings)?.each((key, entry) => {
      const twin = segments.find((segment) => segment.key === key)
      if (!keyPattern.test(key)) {
        const hint = 'Use lower-case letters, digits, - and _.'
        entry.find('BAD_KEY', `"${key}" can't be a segment's key.`, { hint })
      } else if (twin) {
        const place = twin.locate({})
        entry.find('DUPLICATE_KEY', `There is a segment "${key}" already, in ${place.file}:${place.line}.`)
      } else {
        const shape = entry.check(segmentShape)
        if (shape) segments.push(segmentOf(key, shape, entry))
      }
    })
  }
  return segments
}

function segmentOf(key: string, shape: z.infer<typeof segmentShape>, entry: Entry): SegmentSource {
  const { name = key, owner = null, action = null, review = null, status, where, renamed_from } = shape
  return {
    key,
    name,
    owner,
    action,
    review,
    status,
    renamedFrom: renamed_from,
    where,
    locate: ({ path, field = 'where', ...part }) =>
      entry.locate([field, ...(path ? path.split('.') : [])], part),
  }
}

function readEvents(project: Project, findings: Finding[]): Pick<Sources, 'events' | 'aliases'> {
  const file = readYaml(project, 'events.yaml', findings)?.only('events', 'aliases')
  const events: EventTypeSource[] = []
  file?.each((type, entry) => {
    const shape = entry.check(eventShape)
    if (shape) events.push({ type, ...shape, channel: shape.channel ?? null })
  }, 'events')
  const aliases: AliasSource[] = []
  file?.each((name, entry) => {
    const text = entry.check(aliasShape, null)
    if (text !== undefined) aliases.push({ name, text, locate: ({ span }) => entry.locate([], { span }) })
  }, 'aliases')
  return { events, aliases }
}
