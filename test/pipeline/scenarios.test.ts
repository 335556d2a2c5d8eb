import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** What may go wrong with runs and data, and the tests that show what happens then: files and how their names begin. */
const shown: Readonly<Record<string, readonly (readonly [file: string, name: string])[]>> = {
  'S1 killed at each step': [
    ['pipeline/crash.test.ts', 'killed before'],
    ['pipeline/scenarios-runs.test.ts', 'S1'],
    ['pipeline/scenarios-lake.test.ts', 'S62'],
    ['pipeline/backfill.test.ts', 'killed'],
    ['pipeline/lake-crash.test.ts', 'killed where it mends'],
  ],
  'S2 the same run twice at once': [
    ['pipeline/scenarios-runs.test.ts', 'S2'],
    ['pipeline/run.test.ts', 'two at once'],
  ],
  'S3 a process that stands still': [['pipeline/scenarios-runs.test.ts', 'S3']],
  'S4 clocks that differ': [['jobs/outages.test.ts', 'S4']],
  'S5 the server restarts': [['pipeline/scenarios-outages.test.ts', 'S5']],
  'S6 no server at the start': [
    ['pipeline/scenarios-outages.test.ts', 'S6'],
    ['jobs/worker.test.ts', 'the database is down'],
  ],
  'S7 no server for longer than a lease': [['jobs/outages.test.ts', 'S7']],
  'S12 missed slots': [
    ['jobs/worker.test.ts', 'missed slots are run oldest first'],
    ['jobs/worker.test.ts', 'slots older than the catch-up window'],
  ],
  'S13 runs longer than their interval': [['jobs/worker.test.ts', 'a run that takes longer than the time']],
  'S14 a backfill beside runs': [
    ['pipeline/scenarios-edits.test.ts', 'S14'],
    ['pipeline/backfill.test.ts', 'a run is not kept waiting'],
  ],
  'S15 a definition edited meanwhile': [
    ['pipeline/scenarios-edits.test.ts', 'S15'],
    ['pipeline/run.test.ts', 'a segment edited while a run is going'],
  ],
  'S16 a segment archived meanwhile': [['pipeline/scenarios-runs.test.ts', 'S16']],
  'S19 a graceful stop': [
    ['jobs/outages.test.ts', 'stopping waits for the slot'],
    ['jobs/outages.test.ts', 'stopping cancels what takes too long'],
    ['pipeline/stop.test.ts', 'S19'],
    ['cli/worker.test.ts', 'S19'],
  ],
  'S20 deadlocks': [['pipeline/scenarios-outages.test.ts', 'S20']],
  'S21 no further connections': [['pipeline/scenarios-outages.test.ts', 'S21']],
  'S23 the answer to the commit is lost': [['pipeline/scenarios-runs.test.ts', 'S23']],
  'S24 events twice': [
    ['pipeline/import-events.test.ts', 'the first with an id wins'],
    ['pipeline/import-events.test.ts', 'two imports of one file at once'],
  ],
  'S25 out of order': [['pipeline/history-laws.test.ts', 'the order of arrival leaves no trace']],
  'S26 late events': [
    ['pipeline/history-laws.test.ts', 'a run changes nothing of what was recorded'],
    ['pipeline/backfill.test.ts', 'a late event changes the past only by a backfill'],
    ['pipeline/incremental-laws.test.ts', 'leave what runs in full leave'],
  ],
  'S27 instants beyond reason': [
    ['pipeline/import-files.test.ts', 'such as instants beyond'],
    ['pipeline/run.test.ts', 'an event that was dated after the last run'],
  ],
  'S28 events of unknown leads': [
    ['pipeline/import-events.test.ts', 'count once when a file is taken twice'],
    ['pipeline/scenarios-runs.test.ts', 'S28'],
  ],
  'S29 visible late': [['pipeline/scenarios-runs.test.ts', 'S29']],
  'S30 missing and mistyped values': [
    ['compiler/laws.test.ts', 'P and not P part the leads'],
    ['compiler/matrix.test.ts', 'the examples mean the same'],
  ],
  'S35 time zones': [['compiler/zones.test.ts', 'random worlds around it']],
  'S36 the lake differs from Postgres': [
    ['pipeline/scenarios-lake.test.ts', 'S36'],
    ['pipeline/lake-verify.test.ts', 'rows that differ are counted'],
  ],
  'S38 leads removed meanwhile': [
    ['pipeline/scenarios-runs.test.ts', 'S38'],
    ['pipeline/incremental-laws.test.ts', 'leave what runs in full leave'],
  ],
  'S46 too many come or go': [
    ['pipeline/guard.test.ts', 'parks the segment'],
    ['pipeline/guard.test.ts', 'of a hundred thousand leads'],
  ],
  'S59 a full disk': [
    ['pipeline/scenarios-lake.test.ts', 'where the lake is: Postgres does the run'],
    ['pipeline/scenarios-lake.test.ts', 'where DuckDB puts what it has no memory for'],
    ['pipeline/lake-trouble.test.ts', 'where %s would be larger than a file may become'],
  ],
  'S60 no memory for DuckDB': [['pipeline/scenarios-lake.test.ts', 'S60: no memory']],
  'S61 two processes over a lake': [
    ['pipeline/scenarios-lake.test.ts', 'S61'],
    ['pipeline/lake-crash.test.ts', 'several writers at once'],
    ['pipeline/lake-crash.test.ts', 'readers see whole states'],
  ],
  'S62 killed while the lake is written': [['pipeline/lake-crash.test.ts', 'killed before']],
  'S63 a lake that is damaged or gone': [
    ['pipeline/scenarios-lake.test.ts', 'S63'],
    ['pipeline/lake-damage.test.ts', 'a lake that is gone'],
  ],
  'S64 results that would block the process': [['pipeline/rows.test.ts', 'S64']],
  'S67 all of it at random': [['pipeline/chaos.test.ts', 'whatever happens to runs']],
  'a restore elsewhere': [['pipeline/restore.test.ts', 'restored into another server']],
}

/** Leaves a test out here or there, as far as that can be seen: by what a machine has or a user may do. */
const conditional =
  /\.(?:skip|skipIf|runIf|todo|only|fails)\b|\bskip\(|process\.(?:env|platform|getuid)|\bhas[A-Z]/

test.each(Object.entries(shown))('%s is shown by tests that are there, for everybody', (_, tests) => {
  for (const [file, name] of tests) {
    const found = named(readFileSync(join(import.meta.dirname, '..', file), 'utf8'), name)
    expect(found.length, `${file}: ${name}`).toBeGreaterThan(0)
    for (const each of found) expect(each, `${file}: ${name}`).not.toMatch(conditional)
  }
})

test('a test that is left out somewhere is told from one that is not', () => {
  const text = `
describe.skipIf(!server)('on a server', () => {
  test('inside', () => {
    expect(1).toBe(1)
  })
})
test.each([
  1,
])(
  'often',
  async () => {},
)
test('as root', ({ skip }) => {
  if (!root) skip('no')
})
`
  expect(named(text, 'inside')).toEqual([expect.stringMatching(conditional)])
  expect(named(text, 'as root')).toEqual([expect.stringMatching(conditional)])
  expect(named(text, 'often')).toEqual([expect.not.stringMatching(conditional)])
  expect(named(text, 'gone')).toEqual([])
})

/** Tests, and groups of them, whose names begin so: as they are written, below the first lines of those they are in. */
function named(text: string, name: string): string[] {
  const quoted = new RegExp(`['"\`]${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?!\\w)`, 'g')
  return [...text.matchAll(quoted)].flatMap(({ index }) => {
    const heads = [...text.slice(0, index + 1).matchAll(/^( *)(?:test|it|describe)\b.*$/gm)]
    const head = heads.at(-1)
    if (!head) return []
    const [, indent = ''] = head
    const around = heads.filter((each, n) => isAround(each[1]!, heads.slice(n + 1)))
    // The formatter ends what begins at a column in the same column.
    const end = new RegExp(`^${indent}[})\\]](?:.*[^({\\[])?$`, 'm').exec(
      text.slice(Math.max(index, head.index)),
    )
    const until = end ? Math.max(index, head.index) + end.index : text.length
    return [[...around.map(([line]) => line), text.slice(head.index, until)].join('\n')]
  })
}

/** Whether nothing that comes after it is as far to the left. */
const isAround = (indent: string, after: readonly RegExpMatchArray[]): boolean =>
  after.length > 0 && after.every((each) => each[1]!.length > indent.length)
