import { type Duckdb, openDuckdb } from '../engine.ts'

/** By default half a million rows of each period would be in memory at once, and what was freed would be kept. */
const frugal = [
  'partitioned_write_flush_threshold = 16384',
  'allocator_background_threads = true',
  "allocator_flush_threshold = '4MB'",
  "allocator_bulk_deallocation_flush_threshold = '16MB'",
]

/** A DuckDB to be opened anew now and then: what its allocator holds on to adds up from one large step to the next. */
export type Renewable = Duckdb & { renew(): Promise<void> }

export async function openRenewable(options: {
  temporary: string
  memory?: string | undefined
  signal?: AbortSignal | undefined
}): Promise<Renewable> {
  const open = async () => {
    const duckdb = await openDuckdb({ ...options, memory: options.memory ?? '160MB' })
    for (const setting of frugal) await duckdb.run(`set ${setting}`)
    return duckdb
  }
  let current = await open()
  return {
    run: (text, parameters) => current.run(text, parameters),
    rows: (text, parameters) => current.rows(text, parameters),
    close: () => current.close(),
    async renew() {
      // Closed first: otherwise there would be two for a moment.
      current.close()
      current = await open()
    },
  }
}
