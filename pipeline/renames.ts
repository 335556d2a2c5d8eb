import { nearest } from '../compiler/index.ts'
import { rows } from './catalog.ts'
import type { Client, Database } from './engine.ts'
import type { Finding, SegmentSource } from './project/sources.ts'
import type { StoredRename } from './reads.ts'
import { statement } from './sql.ts'

export type Rename = { readonly from: string; readonly to: string }

export type Renames = {
  readonly renames: readonly Rename[]
  readonly findings: readonly Finding[]
}

type Known = { readonly key: string; readonly origin: string }

/**
 * Which segments the files give a new key by `renamed_from`. One that was renamed before is left as it is; so is all
 * of it in a database that has no segments yet.
 */
export async function planRenames(
  reader: Database | Client,
  segments: readonly SegmentSource[],
): Promise<Renames> {
  if (!segments.some((each) => each.renamedFrom !== undefined)) return { renames: [], findings: [] }
  const stored = await rows<Known>(reader, 'select key, origin from segments order by key')
  const before = await rows<StoredRename>(reader, statement('reads/renames'))
  const renames: Rename[] = []
  const findings: Finding[] = []
  for (const source of segments) {
    const from = source.renamedFrom
    if (from === undefined) continue
    const verdict = judge({ ...source, from }, segments, stored, before)
    if (!verdict) continue
    if ('rename' in verdict) renames.push(verdict.rename)
    else findings.push({ ...source.locate({ field: 'renamed_from' }), code: 'BAD_RENAME', ...verdict })
  }
  return { renames, findings }
}

type Verdict = { rename: Rename } | Pick<Finding, 'severity' | 'message' | 'hint'> | undefined

function judge(
  { key, from }: { key: string; from: string },
  segments: readonly SegmentSource[],
  stored: readonly Known[],
  before: readonly StoredRename[],
): Verdict {
  const leave = 'Leave out `renamed_from`, or give the other one another key.'
  if (segments.some((each) => each.key === from)) {
    const message =
      from === key
        ? 'A segment is not renamed from its own key.'
        : `The files still hold a segment "${from}", so "${key}" can't take over what it has been.`
    return { severity: 'error', message, hint: leave }
  }
  const twin = segments.find((each) => each.renamedFrom === from && each.key !== key)
  if (twin && twin.key < key) {
    const message = `Both "${twin.key}" and "${key}" are renamed from "${from}"; one of them can be.`
    return { severity: 'error', message, hint: leave }
  }
  const old = stored.find((each) => each.key === from)
  if (stored.some((each) => each.key === key)) {
    const done = before.some((each) => each.segment === key && each.old_key === from)
    if (!old || done) return undefined
    return {
      severity: 'warning',
      message: `"${key}" has a history of its own already, so it does not take over that of "${from}".`,
      hint: 'A key is renamed in the very `apply` that first brings the new one.',
    }
  }
  if (old?.origin === 'api') {
    const message = `The segment "${from}" was created through the API, so files don't rename it.`
    return { severity: 'error', message, hint: leave }
  }
  if (old?.origin === 'snapshot') {
    const message = `The segment "${from}" is static, so files don't rename it.`
    return { severity: 'error', message, hint: leave }
  }
  if (old) return { rename: { from, to: key } }
  return stored.length === 0 ? undefined : neverExisted(from, stored, before)
}

function neverExisted(from: string, stored: readonly Known[], before: readonly StoredRename[]): Verdict {
  const now = before.find((each) => each.old_key === from)?.segment
  const near = nearest(
    from,
    stored.map(({ key }) => key),
  )
  const message = now
    ? `The segment "${from}" is called "${now}" now.`
    : `There has never been a segment "${from}".${near ? ` Did you mean "${near}"?` : ''}`
  return { severity: 'error', message, hint: 'Leave out `renamed_from` if the segment is new.' }
}

/** What is stored as it will stand under the new keys: for whoever plans and changes nothing. */
export function afterRenames<Stored extends { key: string }>(
  existing: ReadonlyMap<string, Stored>,
  renames: readonly Rename[],
): Map<string, Stored> {
  const keys = new Map(renames.map(({ from, to }) => [from, to]))
  return new Map(
    [...existing.values()].map((stored) => {
      const key = keys.get(stored.key) ?? stored.key
      return [key, { ...stored, key }]
    }),
  )
}

export async function carryOutRenames(client: Client, renames: readonly Rename[]): Promise<void> {
  for (const { from, to } of renames) await client.query(statement('definitions/rename'), [from, to])
}
