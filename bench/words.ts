import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageFolder } from '../config.ts'
import { type Duckdb, openDuckdb } from '../pipeline/engine.ts'

/** How large the world is. The same figures and seed give the same rows. */
export type Size = { readonly leads: number; readonly events: number; readonly seed: number }

/** The span of the world: two years that end here, at a midnight that is long past on any machine. */
export const worldEnd = '2025-06-01T00:00:00.000000Z'
const [worldStart, worldDays] = ['2023-06-01', 731]

export const worldSql = (name: string): string =>
  readFileSync(join(packageFolder, 'bench', 'world', `${name}.sql`), 'utf8')

/** A DuckDB that knows the words of the world, and writes what it is asked for into files of `folder`. */
export async function openWords(size: Size, folder: string): Promise<Words> {
  mkdirSync(folder, { recursive: true })
  const duckdb = await openDuckdb({ memory: '1500MB', temporary: join(folder, 'spilled') })
  await duckdb.run(`set variable seed = ${size.seed}::bigint`)
  await duckdb.run(`set variable leads = ${size.leads}::bigint`)
  await duckdb.run(`set variable events = ${size.events}::bigint`)
  await duckdb.run(`set variable start = '${worldStart}'`)
  await duckdb.run(`set variable days = ${worldDays}::bigint`)
  await duckdb.run(worldSql('01_words'))
  await duckdb.run(worldSql('04_events'))
  await duckdb.run(worldSql('05_arrivals'))
  return {
    run: (sql) => duckdb.run(sql),
    async write(query, name) {
      const file = join(folder, `${name}.csv`)
      await duckdb.run(`copy (${query}) to '${file.replaceAll("'", "''")}' (format csv, header false)`)
      return file
    },
    close: () => duckdb.close(),
  }
}

export type Words = Pick<Duckdb, 'run' | 'close'> & {
  /** Returns the path of the file. */
  write(query: string, name: string): Promise<string>
}
