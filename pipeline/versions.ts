import { compileAll, type Instant, isError } from '../compiler/index.ts'
import { readCatalog, rows } from './catalog.ts'
import { compileStored, readStoredTexts, withScores } from './compiled.ts'
import type { Client, Database } from './engine.ts'
import { UserError } from './errors.ts'
import { statement } from './sql.ts'

export type Version = {
  readonly version: number
  readonly applied_at: Instant
  /** User and host; null: not recorded. */
  readonly applied_by: string | null
  /** What made it where no file did. */
  readonly applied_for: string | null
  readonly definition: string
  readonly zone: string
  readonly fingerprint: string
  readonly current: boolean
  /** Membership shows this one. */
  readonly evaluated: boolean
}

/** Every version of a segment, newest first. */
export const readVersions = (reader: Database | Client, key: string): Promise<Version[]> =>
  rows<Version>(reader, statement('reads/versions'), [key])

/** What made a version, in a word or two. */
export function reasonOf(version: Version, before: Version | undefined): string {
  if (version.applied_for) return version.applied_for
  if (!before) return 'created'
  if (version.definition !== before.definition) return 'edited'
  if (version.zone !== before.zone) return `time zone ${before.zone} → ${version.zone}`
  return version.fingerprint === before.fingerprint ? 'put back' : 'what it refers to changed'
}

export type GoneBack = {
  /** Null: that version means what the current one means, and nothing was done. */
  readonly version: number | null
  readonly from: Version
  readonly to: Version
  /** Segments that refer to it, which got a new version as well. */
  readonly others: readonly string[]
}

/** Makes the definition of an earlier version current again, as a new version. Nothing is taken away. */
export function goBack(
  database: Database,
  asked: { key: string; version: number; by: string },
): Promise<GoneBack> {
  const { key, by } = asked
  return database.transaction(async (client) => {
    await client.query('lock table segments in share row exclusive mode')
    const versions = await readVersions(client, key)
    const from = versions.find((each) => each.current)
    const to = versions.find((each) => each.version === asked.version)
    if (!from || !to) throw unknownVersion(key, asked.version, versions)
    const before = await compileStored(client, await readCatalog(client, []))
    const fingerprint = await meaningOf(client, key, to.version)
    if (before.find((each) => each.key === key)?.fingerprint === fingerprint) {
      return { version: null, from, to, others: [] }
    }
    await announce(client, by, `back to version ${to.version}`)
    const made = await rows<{ version: number }>(client, statement('catalog/go_back'), [
      key,
      to.version,
      fingerprint,
    ])
    const others = await renewOthers(client, key, before)
    return { version: made[0]?.version ?? null, from, to, others }
  })
}

/** What an earlier version means today, together with all others as they stand. */
async function meaningOf(client: Client, key: string, version: number): Promise<string> {
  const texts = await readStoredTexts(client)
  if (!texts.some((each) => each.key === key)) {
    throw new UserError({
      code: 'SEGMENT_IS_STATIC',
      message: `The segment "${key}" is static: its definition is a list of leads, which does not go back.`,
      hint: `\`tideline snapshot --file FILE --key ${key} --replace\` gives it another list.`,
    })
  }
  const [earlier] = await rows<{ tree: unknown; zone: string }>(
    client,
    `select v.tree, v.zone from segment_versions v join segments s using (segment_id)
     where s.key = $1::text and v.version = $2::int`,
    [key, version],
  )
  const catalog = await withScores(client, await readCatalog(client, []))
  const all = new Map(texts.map(({ key: each, tree, zone }) => [each, { source: tree, zone }]))
  const compiled = compileAll(all.set(key, { source: earlier!.tree, zone: earlier!.zone }), catalog)
  const { fingerprint, diagnostics } = compiled.get(key)!
  if (fingerprint) return fingerprint
  const wrong = diagnostics.find(isError)
  throw new UserError({
    code: wrong?.code ?? 'SHAPE',
    message: `Version ${version} of "${key}" can't be taken up again: ${wrong?.message ?? 'it is not understood.'}`,
    ...(wrong?.hint ? { hint: wrong.hint } : {}),
  })
}

/** A new version for each segment that refers to one that changed. Returns their keys. */
export async function renewOthers(
  client: Client,
  key: string,
  before: Awaited<ReturnType<typeof compileStored>>,
): Promise<string[]> {
  const after = await compileStored(client, await readCatalog(client, []))
  const changed = after.filter(
    (each) =>
      each.key !== key &&
      each.fingerprint &&
      before.find(({ segmentId }) => segmentId === each.segmentId)?.fingerprint !== each.fingerprint,
  )
  await announce(client, undefined, `${key} changed`)
  for (const { segmentId, fingerprint } of changed) {
    await client.query(statement('catalog/new_version'), [segmentId, fingerprint])
  }
  return changed.map((each) => each.key)
}

/** Says who applies, and for what, to the versions that this transaction makes. */
export async function announce(
  client: Client,
  by: string | undefined,
  reason: string | undefined,
): Promise<void> {
  if (by !== undefined) await client.query(`select set_config('tideline.applied_by', $1, true)`, [by])
  await client.query(`select set_config('tideline.applied_for', $1, true)`, [reason ?? ''])
}

function unknownVersion(key: string, version: number, versions: readonly Version[]): UserError {
  const newest = versions[0]?.version ?? 0
  return new UserError({
    code: 'UNKNOWN_VERSION',
    message: `"${key}" has no version ${version}; it has 1 to ${newest}.`,
    hint: `\`tideline versions ${key}\` shows them.`,
  })
}
