import { type Client, inTransaction } from '../engine.ts'
import { statement } from '../sql.ts'

/** As many horizons keep their order to the rows; the ids of a new cluster begin at some seven hundred. */
const mostHorizons = 500n

type Seen = {
  known: boolean
  same: boolean
  ahead: boolean
  restored_after: string | null
  last_run_id: string | null
  oldest: string
}

/**
 * Whether the database was restored from another cluster since the last applied run. The transaction ids that came
 * with it mean nothing here: rows would never be seen, or be taken for old ones. They get new ones, once, in one
 * transaction; after that the horizon of the last run has to be read again. True until a run is applied, which has to
 * be a full one.
 *
 * To be called by whoever holds the lease, outside a transaction.
 */
export async function checkCluster(client: Client): Promise<boolean> {
  const seen = await look(client)
  if (!seen.ahead && seen.same)
    return seen.restored_after !== null && seen.restored_after === seen.last_run_id
  if (!seen.ahead && !seen.known) {
    await client.query(statement('runs/cluster_keep'), [false])
    return false
  }
  await inTransaction(client, () => stampAgain(client))
  return true
}

async function look(client: Client): Promise<Seen> {
  const { rows } = await client.query<Seen>(statement('runs/cluster_seen'))
  return rows[0]!
}

async function stampAgain(client: Client): Promise<void> {
  await client.query(statement('runs/cluster_lock'))
  const { ahead, oldest } = await look(client)
  const { rows } = await client.query<{ foreign: boolean }>(statement('runs/cluster_foreign'))
  if (ahead || rows[0]!.foreign) {
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
