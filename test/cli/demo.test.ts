import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packageFolder } from '../../config.ts'
import { removeServer } from '../../pipeline/embedded.ts'
import { deskOf, errorOf, newFolder, run, type Said, typed, writeInto } from './support.ts'

// The demo is made once, as a new user would, for all that is said about it. It has a database of its own, whatever
// the environment says.
const elsewhere = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none', NO_COLOR: '1' }
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tideline-demo-')))
const say = (...line: string[]) => run(folder, line, elsewhere)
let demo: Said
let rows: string[] = []
beforeAll(async () => {
  demo = await say('demo', '--format', 'table')
  const lines = demo.out.split('\n').slice(3)
  rows = lines.slice(0, lines.indexOf(''))
}, 300_000)
afterAll(async () => {
  await removeServer(join(folder, 'demo', '.tideline'))
  rmSync(folder, { recursive: true, force: true })
})

describe('demo', () => {
  test('makes a world and shows it, with nothing of the environment', async () => {
    expect(demo.code, demo.err).toBe(0)
    const [head, , titles] = demo.out.split('\n')
    expect(head).toMatch(
      /^tideline {2}demo\/ {2}· {2}embedded PostgreSQL [\d.]+ {2}· {2}as of \d{4}-\d\d-\d\d 00:00 UTC {2}· {2}run 14, /,
    )
    expect(titles).toMatch(/^SEGMENT +MEMBERS +SHARE +ENTERED 7 D +LEFT 7 D +SCORE +14 DAYS$/)
    expect(rows.length).toBeGreaterThan(20)
    const row = /^[a-z0-9-]+ +[\d,]+ +\d+\.\d % +[\d,]+ +[\d,]+ +[\d,]+\.\d {2}[▁-█]{14}$/
    expect(rows.filter((line) => !row.test(line))).toEqual([])
    expect(demo.out.split('\n').filter((line) => line.length > 100)).toEqual([])
    expect(demo.err).toMatch(/importing [\d,]+ events +[\d.]+ s\n/)
    expect(JSON.parse((await say('--project', 'demo', 'db', 'status')).out)).toMatchObject({ running: false })
  })

  test('is shown again as it stands', async () => {
    const again = await say('demo', '--format', 'table')
    expect(again.out).toContain(rows.join('\n'))
    expect(again.out).toContain('`demo --clean` begins anew')
  })

  test('every block of output in the README is what it gives', async () => {
    let readme = readFileSync(join(packageFolder, 'README.md'), 'utf8')
    const blocks = [...readme.matchAll(/(<!-- output: (.+?) -->\n```\w*\n)[\s\S]*?```/g)]
    expect(blocks.length).toBeGreaterThan(3)
    for (const [block, head = '', name = ''] of blocks) {
      readme = readme.replace(block, `${head}${asWritten(await outputOf(name))}\n\`\`\``)
    }
    await expect(readme).toMatchFileSnapshot('../../README.md')
  })

  test('says at a terminal that it stays with its own database, where the environment names another', async () => {
    const desk = deskOf(elsewhere.DATABASE_URL)
    desk.file('tideline.yaml', '')
    desk.file('.tideline/demo', '{"finished":true}')
    const said = await desk.typeAtTerminal('runs')
    expect(said.err).toMatch(
      /^tideline {2}\S+\/ {2}· {2}embedded PostgreSQL [\d.]+, the demo's own: DATABASE_URL is not looked at\n$/,
    )
  })

  // Last, since it ends with a run of its own.
  test('what it says to try next works as printed', async () => {
    const lines = demo.out.split('\n').filter((line) => line.includes('npm run -s tideline -- '))
    expect(lines.length).toBeGreaterThan(3)
    for (const line of lines) {
      const printed = line.replace('Try next:', '').trim().split(/ {2,}/)[0] ?? ''
      const { code, err } = await say(...wordsOf(printed.replace('npm run -s tideline -- ', '')))
      expect(code, `${printed}: ${err}`).toBe(0)
    }
    const report = JSON.parse((await say('--project', 'demo', 'report', 'trial-users')).out)
    expect(report[0].converted).toBeGreaterThan(0)
    expect(report[0].top_events).toHaveLength(10)
  })

  test('leaves alone what it did not make, even when told to begin anew', async () => {
    const folder = newFolder()
    writeInto(folder, 'demo/precious.txt', 'mine')
    for (const line of [['demo'], ['demo', '--clean']]) {
      const said = await typed(folder, line, elsewhere)
      expect(said.code).toBe(1)
      expect(errorOf(said).code).toBe('NOT_A_DEMO')
    }
    expect(readFileSync(join(folder, 'demo/precious.txt'), 'utf8')).toBe('mine')
    expect(existsSync(join(folder, 'demo/.tideline'))).toBe(false)
  })
})

const wordsOf = (line: string): string[] =>
  [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')

/** What a block's comment names: `demo`, or a command line of tideline in the demo's project. */
async function outputOf(name: string): Promise<string> {
  if (name === 'demo') return demo.out.slice(0, demo.out.indexOf('Try next'))
  const line = wordsOf(moved(name.replace(/^tideline /, ''), -daysSinceWritten()))
  if (line[0] === 'check') {
    // The README's slip of the pen.
    const slip = 'big-trials:\n  where: |\n    did trial_signup\n    and compnay_size > 500\n'
    writeInto(folder, 'demo/segments/big-trials.yaml', slip)
  }
  const { code, out, err } = await say('--project', 'demo', ...line, '--format', 'table')
  rmSync(join(folder, 'demo/segments/big-trials.yaml'), { force: true })
  if (code !== 0) return err + out
  // The values of a statement's parameters change by the hour, its text doesn't.
  return line[0] === 'sql' ? (out.split('\n\n')[0] ?? '') : out
}

const writtenOn = '2026-11-23'

function daysSinceWritten(): number {
  const today = /as of (\d{4}-\d{2}-\d{2})/.exec(demo.out)?.[1] ?? writtenOn
  return (Date.parse(today) - Date.parse(writtenOn)) / 86_400_000
}

/** The dates in a text, so many days earlier. */
const moved = (text: string, days: number): string =>
  text.replaceAll(/\d{4}-\d{2}-\d{2}/g, (day) =>
    new Date(Date.parse(day) - days * 86_400_000).toISOString().slice(0, 10),
  )

/** The same text, had it been printed on the day on which the README was written: the world moves with today. */
function asWritten(text: string): string {
  return moved(text, daysSinceWritten())
    .replaceAll(/(?<=run \d+, )[\d.]+ m?s/g, '1.3 s')
    .replaceAll(/PostgreSQL [\d.]+/g, 'PostgreSQL 18.4')
    .trimEnd()
}
