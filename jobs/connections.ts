import type { Database } from '../pipeline/engine.ts'
import { UserError } from '../pipeline/errors.ts'
import { statement } from '../pipeline/sql.ts'

/** How many connections to Postgres the parts of BullMQ may hold, where it keeps jobs there. */
export const pools = { queue: 2, worker: 2 } as const
/** A worker listens on one more. */
const ofQueue = pools.queue + pools.worker + 1

type Limits = { most: number; reserved: number; role_limit: number; database_limit: number }

/**
 * Refuses to begin where a worker could not have all the connections that it may come to need: else it would be refused
 * one in the middle of its work, and others theirs. `queue`: whether jobs are kept in Postgres as well.
 */
export async function checkConnections(database: Database, { queue }: { queue: boolean }): Promise<void> {
  const [limits] = await database.query<Limits>(statement('jobs/connections'))
  const ofRuns = database.pool.options.max
  const needed = ofRuns + (queue ? ofQueue : 0)
  const { granted, because, instead } = narrowest(limits!, needed)
  if (needed <= granted) return
  const parts = queue ? ` (${ofRuns} for runs, ${ofQueue} for the queue)` : ''
  throw new UserError({
    code: 'TOO_FEW_CONNECTIONS',
    message: `A worker takes up to ${needed} connections to the database${parts}, and there are ${granted}: ${because}.`,
    hint: `${instead}${queue ? `, or keep the queue in Redis (REDIS_URL), which saves ${ofQueue}` : ''}.`,
  })
}

type Narrow = { granted: number; because: string; instead: string }

function narrowest({ most, reserved, role_limit, database_limit }: Limits, needed: number): Narrow {
  const limits: Narrow[] = [
    {
      granted: most - reserved,
      because: `max_connections is ${most}, and ${reserved} of these are reserved`,
      instead: `Set max_connections to ${needed + reserved} or more`,
    },
    {
      granted: role_limit,
      because: 'its user may have no more',
      instead: `Let it have them: alter role … connection limit ${needed}`,
    },
    {
      granted: database_limit,
      because: 'the database takes no more',
      instead: `Let it take them: alter database … connection limit ${needed}`,
    },
  ]
  return limits.filter(({ granted }) => granted >= 0).sort((a, b) => a.granted - b.granted)[0]!
}
