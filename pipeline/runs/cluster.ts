import { type Reader, rows } from '../catalog.ts'
import { type Client, type Database, inTransaction } from '../engine.ts'
import { statement } from '../sql.ts'
import { claim } from './lease.ts'

/** As many horizons keep their order to the rows; the ids of a new cluster begin at some seven hundred. */
const mostHorizons = 500n

type Seen = { known: boolean; same: boolean; ahead: boolean; stamped: boolean; oldest: string }

/** `foreign`: another cluster's. `stamped`: given anew, and no run was applied since. `unknown`: none was stored so far. */
type Ids = 'ours' | 'foreign' | 'stamped' | 'unknown'

/** Whose the transaction ids are that rows and horizons carry. */
export const idsAre = async (reader: Reader): Promise<Ids> => judge(await look(reader))

/** Whether the next run has to be a full one. */
export const isRestored = (ids: Ids): boolean => ids === 'foreign' || ids === 'stamped'

/**
 * Whether the database was restored from another cluster since the last applied run. The transaction ids that came
 * with it mean nothing here: rows would never be seen, or be taken for old ones. They get new ones, once, in one
 * transaction; after that the horizon of the last run has to be read again. True until a run is applied, which has to
 * be a full one.
 *
 * To be called by whoever holds the lease, outside a transaction.
 */
export async function checkCluster(client: Client): Promise<boolean> {
  const ids = await idsAre(client)
  if (ids === 'foreign') await inTransaction(client, () => stampAgain(client))
  if (ids === 'unknown') await client.query(statement('runs/cluster_keep'), [false])
  return isRestored(ids)
}

/** The same for whoever has no lease: it is claimed only where there is something to do. */
export async function checkClusterOnce(
  database: Database,
  { client, session }: { client: Client; session: Client },
  claiming: { readonly owner: string; readonly waitMilliseconds: number },
): Promise<void> {
  const ids = await idsAre(client)
  if (ids === 'ours' || ids === 'stamped') return
  const lease = await claim(database, session, claiming)
  try {
    await checkCluster(client)
  } finally {
    await lease.release().catch(() => {})
  }
}

function judge({ known, same, ahead, stamped }: Seen): Ids {
  if (ahead || (known && !same)) return 'foreign'
  if (!known) return 'unknown'
  return stamped ? 'stamped' : 'ours'
}

async function look(reader: Reader): Promise<Seen> {
  const [seen] = await rows<Seen>(reader, statement('runs/cluster_seen'))
  return seen!
}

async function stampAgain(client: Client): Promise<void> {
  await client.query(statement('runs/cluster_lock'))
  const { ahead, oldest } = await look(client)
  const [moved] = await rows<{ foreign: boolean }>(client, statement('runs/cluster_foreign'))
  if (ahead || moved!.foreign) {
    const room = BigInt(oldest) - 10n
    const horizons = await client.query<{ horizon: string }>(statement('runs/cluster_horizons'), [
      String(room < mostHorizons ? room : mostHorizons),
    ])
    // What shows in the rows stays as it is: nothing of this is a change of attributes.
    await client.query(statement('imports/set_written'), ['written'])
    await client.query(statement('runs/cluster_stamp'), [horizons.rows.map(({ horizon }) => horizon)])
    await client.query('analyze events, attribute_change, leads, segment_list')
  }
  await client.query(statement('runs/cluster_keep'), [true])
}
