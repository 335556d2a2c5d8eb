import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'

const home = dirname(dirname(fileURLToPath(import.meta.url)))
const modules = join(home, 'node_modules')

it('says nothing where everything is in place', () => {
  expect(guard(home)).toEqual({ status: 0, said: '' })
})

it('names the command to run when packages are missing', () => {
  expect(guard(clone())).toEqual({
    status: 2,
    said: 'tideline: packages are not installed (@duckdb/node-api, bullmq, cli-progress): run `npm ci`.\n',
  })
})

it('names the command to run when install scripts were not run', () => {
  const folder = clone()
  symlinkSync(modules, join(folder, 'node_modules'))
  expect(guard(folder).status).toBe(0)
  // As `npm ci --ignore-scripts` leaves it: packages without what their scripts make.
  unlinkSync(join(folder, 'node_modules'))
  for (const name of ['node', ...dependencies()]) empty(folder, name)
  expect(guard(folder)).toEqual({
    status: 2,
    said: 'tideline: the install scripts of its packages did not run: run `npm ci --ignore-scripts=false`.\n',
  })
})

it('names the command to run when Node is too old', () => {
  const folder = clone()
  symlinkSync(modules, join(folder, 'node_modules'))
  expect(guard(folder, '20.20.2')).toEqual({
    status: 2,
    said: 'tideline: Node 22.18 or newer is needed, this is 20.20.2: run `npm run -s tideline -- …`, which uses its own.\n',
  })
  expect(guard(folder, '22.17.9').status).toBe(2)
  expect(guard(folder, '22.18.0').status).toBe(0)
  expect(guard(folder, '26.0.0').status).toBe(0)
})

function guard(folder: string, version = process.versions.node): { status: number | null; said: string } {
  const pretend = `data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'${version}'}})`
  const program = join(folder, 'bin', 'guard.js')
  const ended = spawnSync(process.execPath, ['--import', pretend, program], { encoding: 'utf8' })
  return { status: ended.status, said: ended.stderr + ended.stdout }
}

/** A clone's files, as far as the guard looks at them. */
function clone(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tideline-guard-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  mkdirSync(join(folder, 'bin'))
  for (const name of ['bin/guard.js', 'package.json', 'tsconfig.json'])
    copyFileSync(join(home, name), join(folder, name))
  return folder
}

function empty(folder: string, name: string): void {
  mkdirSync(join(folder, 'node_modules', name), { recursive: true })
  writeFileSync(join(folder, 'node_modules', name, 'package.json'), '{}')
}

function dependencies(): string[] {
  const described = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { dependencies: object }
  return Object.keys(described.dependencies)
}
