import { type Duckdb, openDuckdb } from '../engine.ts'

/** A DuckDB to be opened anew now and then: what its allocator holds on to adds up from one large step to the next. */
export type Renewable = Duckdb & { renew(): Promise<void> }

export async function openRenewable(options: {
  temporary: string
  memory?: string | undefined
  signal?: AbortSignal | undefined
}): Promise<Renewable> {
  const open = () => openDuckdb({ ...options, memory: options.memory ?? '256MB' })
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
