import { type Intended, intend } from '../apply.ts'
import type { Client } from '../engine.ts'
import type { Sources } from '../project/sources.ts'
import { readOtherwise } from './otherwise.ts'
import { type Foreseen, foresee } from './segments.ts'
import { type Side, sideAfter, sideBefore } from './sides.ts'

/** What applying files would do, before anybody is counted. Where the files hold errors there are none but those. */
export type Outlook = {
  readonly intended: Intended
  readonly before: Side
  readonly after: Side
  readonly scoring: boolean
  readonly segments: readonly Foreseen[]
}

export async function lookAhead(client: Client, sources: Sources, zone: string): Promise<Outlook> {
  const intended = await intend(client, sources, zone)
  const scoring = intended.scoring === 'change'
  const before = await sideBefore(client, scoring)
  const after = await sideAfter(client, intended, sources, zone)
  const otherwise = await readOtherwise(client, sources, zone, { catalog: intended.catalog, after })
  const segments = foresee(intended, { before, after, scoring, otherwise })
  return { intended, before, after, scoring, segments }
}
