import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openDuckdb } from '../pipeline/engine.ts'
import { measure } from './command.ts'
import { measureRuns } from './measure.ts'
import { sizeOf } from './memory.ts'
import { openPlace, type Place } from './place.ts'
import { count, machine, megabytes, type Report, ratios, steps, table } from './report.ts'
import type { Size } from './words.ts'

/** `npm run bench -- --leads 1000000 --events 20000000`: see bench/README.md. */
const { values } = parseArgs({
  options: {
    leads: { type: 'string', default: '50000' },
    events: { type: 'string' },
    seed: { type: 'string', default: '1' },
    keep: { type: 'string' },
    postgres: { type: 'boolean', default: false },
    repeat: { type: 'string', default: '1' },
    steps: { type: 'boolean', default: false },
    against: { type: 'string' },
    json: { type: 'string' },
  },
})
const whole = (text: string, name: string): number => {
  const number = Number(text.replaceAll('_', ''))
  if (!Number.isInteger(number) || number < 1) throw new Error(`--${name} is a whole number, and at least 1`)
  return number
}
const leads = whole(values.leads, 'leads')
const events = values.events === undefined ? 20 * leads : whole(values.events, 'events')
const size: Size = { leads, events, seed: whole(values.seed, 'seed') }
const smaller = values.against && (JSON.parse(readFileSync(values.against, 'utf8')) as Report)

const began = performance.now()
const say = (what: string) => {
  const seconds = ((performance.now() - began) / 1000).toFixed(0).padStart(5)
  console.error(`${seconds} s  ${what}`)
}

say(`a world of ${count(leads)} leads and ${count(events)} events, seed ${size.seed}`)
const place = await openPlace(size, values.keep, say)
try {
  const report = await measureAll(place)
  const { database, events, lake } = report.bytes
  console.log(`\n${count(leads)} leads, ${count(size.events)} events, ${report.size.segments} segments; `)
  console.log(`${report.machine.cores} cores (${report.machine.model}), ${report.machine.gigabytes} GB; `)
  console.log(`database ${megabytes(database)} (events ${megabytes(events)}), lake ${megabytes(lake)}\n`)
  console.log(table(report))
  for (const said of ratios(report, smaller || undefined)) console.log(`  ${said}`)
  if (values.json) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`)
} finally {
  await place.leave()
}

async function measureAll(place: Place): Promise<Report> {
  const lake = await buildLake(place)
  const lines = await measureRuns(place, size, {
    postgres: values.postgres,
    repeat: whole(values.repeat, 'repeat'),
    say,
    onLine(line) {
      const { mode, engine, why, seconds, candidates, drift } = line
      say(`${line.what}: ${mode}, ${engine} (${why}), ${seconds.toFixed(1)} s, drift ${drift}`)
      if (candidates) say(`  candidates: ${JSON.stringify(candidates.reasons)}`)
      if (values.steps) say(`  ${steps(line)}`)
    },
  })
  const [row] = await place.database.query<{ [name: string]: number }>(
    `select pg_database_size(current_database())::float8 as database,
       pg_total_relation_size('events')::float8 as events,
       (select count(*)::float8 from segments where status = 'active') as segments,
       (select count(*)::float8 from accounts) as accounts`,
  )
  return {
    machine: machine(),
    size: { ...size, segments: row!.segments!, accounts: row!.accounts! },
    bytes: { database: row!.database!, events: row!.events!, lake: sizeOf(place.lake) },
    generatedSeconds: place.made && place.made / 1000,
    lake,
    passSeconds: await passOverLake(place),
    lines,
  }
}

/** Only where there is none yet: later it is only brought up to date, as a part of each full run. */
async function buildLake(place: Place): Promise<Report['lake']> {
  if (existsSync(join(place.lake, 'manifest.json'))) return undefined
  say('lake build')
  try {
    const { milliseconds, peak } = await measure(place, ['lake', 'rebuild'])
    return { seconds: milliseconds / 1000, peak }
  } catch (error) {
    console.error(String(error))
    return undefined
  }
}

/** The least that any evaluation has to do: every column of every file, read once. */
async function passOverLake(place: Place): Promise<number | undefined> {
  const folder = join(place.lake, 'events')
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.parquet')) : []
  if (files.length === 0) return undefined
  const duckdb = await openDuckdb()
  try {
    const started = performance.now()
    const list = files.map((file) => `'${join(folder, file).replaceAll("'", "''")}'`).join(', ')
    await duckdb.rows(`select max(columns(*)) from read_parquet([${list}], union_by_name = true)`)
    return (performance.now() - started) / 1000
  } finally {
    duckdb.close()
  }
}
