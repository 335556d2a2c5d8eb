import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { packageFolder } from '../config.ts'
import { removeServer } from '../pipeline/embedded.ts'

// Makes the demo as a new user would, and holds every block of output in the README against what comes out of it.
// The world moves with today, so its dates are moved back to the day on which the README was written.

const writtenOn = '2026-11-23'
const folder = mkdtempSync(join(tmpdir(), 'tideline-readme-'))
const project = join(folder, 'demo')

const tideline = (args: readonly string[]) => {
  const { DATABASE_URL: _, REDIS_URL: __, ...environment } = process.env
  const program = join(packageFolder, 'bin/tideline.js')
  return spawnSync(process.execPath, [program, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...environment, NO_COLOR: '1', DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' },
  })
}

let demo: ReturnType<typeof tideline>
let today = writtenOn
beforeAll(() => {
  demo = tideline(['demo', '--format', 'table'])
  today = /as of (\d{4}-\d{2}-\d{2})/.exec(demo.stdout)?.[1] ?? today
}, 240_000)
afterAll(async () => {
  await removeServer(join(project, '.tideline'))
  rmSync(folder, { recursive: true, force: true })
})

/** The same text, had it been printed on the day on which the README was written. */
function moved(text: string): string {
  const days = (Date.parse(writtenOn) - Date.parse(today)) / 86_400_000
  return text
    .replaceAll(/\d{4}-\d{2}-\d{2}/g, (day) => new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10))
    .replaceAll(/(?<=run \d+, )[\d.]+ m?s/g, '1.3 s')
    .trimEnd()
}

/** What `check` says of the README's definition with a slip of the pen in it. */
function mistaken(): string {
  const file = join(project, 'segments', 'mistake.yaml')
  writeFileSync(file, 'big-trials:\n  where: |\n    did trial_signup\n    and compnay_size > 500\n')
  const { stdout, stderr } = tideline(['--project', project, 'check', '--format', 'table'])
  rmSync(file)
  return `${stderr}${stdout}`
}

/** What a block's comment names: `demo`, or a command line of tideline; the demo's project is meant. */
function outputOf(name: string): string {
  if (name === 'demo') return demo.stdout.slice(0, demo.stdout.indexOf('Try next'))
  if (name === 'tideline check') return mistaken()
  const words = [...name.replace(/^tideline /, '').matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)]
  const args = words.map(([, quoted, plain]) => quoted?.replaceAll('\\"', '"') ?? plain ?? '')
  const { stdout, stderr, status } = tideline(['--project', project, ...args, '--format', 'table'])
  if (status !== 0) return stderr
  // The values of a statement's parameters change with the hour; the text of the statement doesn't.
  return args[0] === 'sql' ? stdout.slice(0, stdout.search(/\n\s*\n.*\$1/)) : stdout
}

test('the demo is made with nothing of the environment, and ends well', () => {
  expect(demo.stderr).not.toMatch(/error/i)
  expect(demo.status).toBe(0)
})

test('every block of output in the README is what the demo gives', async () => {
  const readme = readFileSync(join(packageFolder, 'README.md'), 'utf8')
  const blocks = /(<!-- output: (.+?) -->\n```\w*\n)[^]*?(?=```)/g
  const expected = readme.replaceAll(blocks, (_, head, name) => `${head}${moved(outputOf(name))}\n`)
  expect(expected.match(/<!-- output: /g)?.length).toBeGreaterThan(3)
  await expect(expected).toMatchFileSnapshot('../README.md')
})

test('what the demo says to try next works as printed', () => {
  const next = demo.stdout.slice(demo.stdout.indexOf('Try next'))
  const commands = [...next.matchAll(/npm run -s tideline -- --project demo (.+?)(?: {2,}.*)?$/gm)].map(([, words]) => words!)
  expect(commands.length).toBeGreaterThanOrEqual(4)
  for (const words of commands) {
    const args = [...words.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '')
    const { status, stdout, stderr } = tideline(['--project', project, ...args])
    expect({ words, status, stderr: status === 0 ? '' : stderr }).toEqual({ words, status: 0, stderr: '' })
    expect(stdout.length).toBeGreaterThan(2)
  }
})
