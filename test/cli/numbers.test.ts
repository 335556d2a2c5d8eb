import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildProgram, eachCommand } from '../../cli/program.ts'
import { exact } from '../../cli/values.ts'
import type { Database } from '../../pipeline/engine.ts'
import { testDatabase } from '../support/database.ts'
import { deskOf } from './support.ts'

let database: Database
beforeAll(async () => {
  database = await testDatabase()
}, 60_000)
afterAll(() => database.close())

/** Commands in an order in which each has something to say. Behind `|`, what changes before. */
const lines = `
  import leads leads.csv
  import accounts accounts.csv
  import events events.csv
  import conversions won.csv --set kind=won
  catalog
  catalog events
  catalog leads
  catalog view
  catalog set n number --event view
  quality --all
  check
  preview score>=2
  plan
  apply
  sql
  run --dry-run
  run --as-of 2026-03-02
  run --as-of 2026-03-03
  approve
  approve many --run
  plan                                                       | edit
  apply --yes
  versions many
  run
  apply many --to 1
  backfill --from 2026-03-01 --to 2026-03-03 --dry-run
  backfill --from 2026-03-01 --to 2026-03-03
  snapshot many --name Kept
  override add many L-3
  override remove many L-2
  override list
  override undo many L-2
  segments
  segments --as-of 2026-03-02
  members many
  members many --as-of 2026-03-02
  lead L-1
  why L-1
  why L-1 many
  score L-1
  history L-1
  changes many --from 2026-03-01
  flow many few
  flow many few --path
  report
  report many
  query select_count(*)_as_n,_sum(1.5)_as_s_from_leads
  migrate
  status
  runs
  runs 1
  lake status
  lake rebuild
  lake verify
  lake repair
  db status
`
  .trim()
  .split('\n')
  .map((line) => line.trim())

/** What says nothing of numbers, never ends, or needs a server of its own. */
const silent = ['init', 'fmt', 'schema', 'worker', 'demo', 'db start', 'db stop', 'db url']

/** Where text stands that may look like a number: what users stored, sentences, and parameters of statements. */
const text = /\.(values\.\d+\.value|attributes\.\w+|saw\.\d+|parameters\.\d+)$/

/** Places of texts that are numbers, of which no digit would be lost. */
function numbersAsText(value: unknown, path = ''): string[] {
  if (typeof value === 'string') {
    return typeof exact(value) === 'number' && !text.test(path) ? [`${path}: "${value}"`] : []
  }
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([name, each]) => numbersAsText(each, `${path}.${name}`))
}

const segments = (least: number) =>
  `many:\n  where: did view at least ${least} times\nfew:\n  where: score >= 2\n`

const files = {
  'tideline.yaml': 'guard: { max_change: 10%, at_least: 1 }\n',
  'leads.csv': 'lead_id,account_id,size\nL-1,A,10\nL-2,A,2.5\nL-3,,x\n',
  'accounts.csv': 'account_id,seats\nA,5\n',
  'events.csv': `lead_id,type,occurred_at,n
L-1,view,2026-03-01T08:00:00Z,1
L-1,view,2026-03-01T09:00:00Z,2.5
L-2,view,2026-03-02T08:00:00Z,3
L-3,visit,2026-03-01T08:00:00Z,
`,
  'won.csv': 'lead_id,occurred_at,value\nL-1,2026-03-02T10:00:00Z,100.5\n',
  'events.yaml': 'events:\n  view: { channel: web }\n  conversion: { conversion: true }\n',
  'scoring.yaml': `scores:
  engagement:
    points: { view: 1.5 }
    levels: { cold: 0, warm: 2 }
  fit: { rules: [{ where: size is known, points: 2 }] }
  account: { of_leads: sum of engagement }
`,
  'segments/a.yaml': segments(1),
}

test('every command that says numbers in JSON says them as numbers, in its rows as well', {
  timeout: 300_000,
}, async () => {
  const desk = deskOf(database.url)
  for (const [name, content] of Object.entries(files)) desk.file(name, content)
  const found: string[] = []
  for (const [line = '', edit] of lines.map((each) => each.split('|'))) {
    if (edit) desk.file('segments/a.yaml', segments(2))
    const words = line
      .trim()
      .split(' ')
      .map((word) => word.replaceAll(/(?<=\w|\)|,)_(?=\w)/g, ' '))
    for (const format of ['json', 'ndjson']) {
      const { out, err } = await desk.type([...words, '--format', format])
      // What was done once may be refused or say less the second time.
      if (format === 'json') expect([line, err]).toEqual([line, ''])
      const answers = format === 'json' ? [out] : out.split('\n').filter(Boolean)
      found.push(
        ...answers.flatMap((each) =>
          numbersAsText(JSON.parse(each)).map((place) => `${line.trim()} ${place}`),
        ),
      )
    }
  }
  expect(found).toEqual([])
})

test('and no command is left out', () => {
  const paths: string[] = []
  eachCommand(
    buildProgram(() => async () => {}),
    (command) => {
      if (command.commands.length > 0 && command.registeredArguments.length === 0) return
      const names: string[] = []
      for (let each: typeof command | null = command; each?.parent; each = each.parent)
        names.unshift(each.name())
      paths.push(names.join(' '))
    },
  )
  const said = (path: string) => silent.includes(path) || lines.some((line) => line.startsWith(path))
  expect(paths.filter((path) => !said(path))).toEqual([])
})
