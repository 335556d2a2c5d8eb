import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { packageFolder } from '../../config.ts'
import { type Duckdb, openDuckdb } from '../../pipeline/engine.ts'
import { UserError } from '../../pipeline/errors.ts'

export type WorldFile = {
  readonly kind: 'accounts' | 'leads' | 'events' | 'conversions'
  readonly file: string
  readonly rows: number
}

/**
 * Writes the demo's B2B funnel as the files a user would have, in the order in which they are to be imported.
 * Everything is counted back from `today` (YYYY-MM-DD) 00:00 UTC: on another day the same rows come out, with
 * their instants moved by whole days. What was planted in it is told in docs/demo-world.md.
 */
export async function generateWorld(options: {
  readonly folder: string
  readonly today: string
  readonly onProgress?: (step: string, done: number, of: number) => void
}): Promise<{ files: WorldFile[] }> {
  mkdirSync(options.folder, { recursive: true })
  const duckdb = await openDuckdb({
    threads: 2,
    memory: '1GB',
    temporary: join(options.folder, '.temporary'),
  })
  try {
    await setToday(duckdb, options.today)
    const steps = readdirSync(sqlFolder)
      .filter((name) => name.endsWith('.sql'))
      .sort()
    const total = steps.length + outputs.length
    for (const [index, step] of steps.entries()) {
      options.onProgress?.(step.replace(/^\d+_|\.sql$/g, ''), index, total)
      await duckdb.run(readFileSync(join(sqlFolder, step), 'utf8'))
    }
    const files: WorldFile[] = []
    for (const [index, output] of outputs.entries()) {
      options.onProgress?.(output.name, steps.length + index, total)
      files.push(await write(duckdb, output, options.folder))
    }
    options.onProgress?.('done', total, total)
    return { files }
  } finally {
    duckdb.close()
  }
}

const sqlFolder = join(packageFolder, 'cli', 'demo', 'world')

type Output = { readonly kind: WorldFile['kind']; readonly name: string; readonly format: string }

const outputs: readonly Output[] = [
  { kind: 'accounts', name: 'accounts.csv', format: 'format csv, header' },
  { kind: 'leads', name: 'leads.csv', format: 'format csv, header' },
  { kind: 'events', name: 'events.parquet', format: 'format parquet, compression zstd' },
  { kind: 'conversions', name: 'conversions.ndjson', format: 'format json' },
]

async function write(duckdb: Duckdb, output: Output, folder: string): Promise<WorldFile> {
  const file = join(folder, output.name)
  // COPY takes no parameter for its target.
  const target = `'${file.replaceAll("'", "''")}'`
  const [copied] = await duckdb.rows<{ Count: string }>(
    `copy (from ${output.kind}_file) to ${target} (${output.format})`,
  )
  return { kind: output.kind, file, rows: Number(copied!.Count) }
}

async function setToday(duckdb: Duckdb, today: string): Promise<void> {
  try {
    await duckdb.run('set variable today = cast($1 as date)', [today])
  } catch (error) {
    throw new UserError({
      code: 'NOT_A_DAY',
      message: `"${today}" is not a day.`,
      hint: 'Write it as YYYY-MM-DD.',
      cause: error,
    })
  }
}
