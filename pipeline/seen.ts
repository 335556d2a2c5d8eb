import type { Instant } from '../compiler/index.ts'
import { type Reader, rows } from './catalog.ts'
import { UserError } from './errors.ts'
import { idsAre } from './runs/cluster.ts'
import { statement } from './sql.ts'

/**
 * The present instant, and up to where a run that began now would read: what is evaluated in between runs sees that.
 * Refused after a restore, until a run or a backfill has given the ids anew: nobody would be found to have done
 * anything.
 */
export async function readSeen(reader: Reader): Promise<{ now: Instant; horizon: string }> {
  if ((await idsAre(reader)) === 'foreign') throw restored()
  const [seen] = await rows<{ now: Instant; horizon: string }>(reader, statement('reads/seen'))
  return seen!
}

const restored = (): UserError =>
  new UserError({
    code: 'RESTORED',
    message:
      "This database was restored from another cluster, whose transaction ids mean nothing here: what has arrived can't be told from what has not, so nothing is evaluated.",
    hint: '`tideline run` first: it gives the ids anew and evaluates all.',
  })
