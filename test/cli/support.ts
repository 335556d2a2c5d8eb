import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { Io } from '../../cli/io.ts'
import { main } from '../../cli/program.ts'
import { readConfig } from '../../config.ts'
import { removeServer } from '../../pipeline/embedded.ts'

export type Said = { readonly code: number; readonly out: string; readonly err: string }

export type Desk = {
  readonly folder: string
  /** Writes a file of the project. */
  file(name: string, text: string): void
  /** One command line in this process, as in a pipe. */
  type(line: string | readonly string[]): Promise<Said>
  /** The same, as if somebody sat at a terminal; `answer` is what they say when asked. */
  typeAtTerminal(line: string | readonly string[], answer?: string): Promise<Said>
}

/** A folder to stand in, and a database in place of the environment's. */
export function deskOf(databaseUrl: string | undefined, environment: Record<string, string> = {}): Desk {
  const folder = newFolder()
  const config = readConfig({
    ...(databaseUrl ? { DATABASE_URL: databaseUrl } : {}),
    NO_COLOR: '1',
    ...environment,
  })
  const run = async (line: string | readonly string[], terminal: boolean, answer?: string): Promise<Said> => {
    const said = { out: '', err: '' }
    const sink = (name: 'out' | 'err') => ({
      isTerminal: terminal,
      columns: 100,
      write(text: string) {
        said[name] += text
      },
    })
    const io: Io = {
      cwd: folder,
      config,
      out: sink('out'),
      err: sink('err'),
      ...(answer === undefined ? {} : { ask: async () => answer }),
    }
    const code = await main(typeof line === 'string' ? line.split(' ') : line, io)
    return { code, ...said }
  }
  return {
    folder,
    file: (name, text) => writeInto(folder, name, text),
    type: (line) => run(line, false),
    typeAtTerminal: (line, answer) => run(line, true, answer),
  }
}

export function writeInto(folder: string, name: string, text: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text)
}

/** Removed after the test, with the embedded server of the project in it, if there is one. */
export function newFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tideline-cli-')))
  onTestFinished(async () => {
    // A test may have put a file in its place.
    if (statSync(join(folder, '.tideline'), { throwIfNoEntry: false })?.isDirectory()) {
      await removeServer(join(folder, '.tideline'))
    }
    rmSync(folder, { recursive: true, force: true })
  })
  return folder
}

const program = fileURLToPath(new URL('../../bin/tideline.js', import.meta.url))

/** A command as a process of its own, with nothing of this environment's databases; ended with the test. */
export function start(
  folder: string,
  line: readonly string[],
  environment: Record<string, string> = {},
): ChildProcess {
  const child = launch(folder, line, environment)
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

function launch(folder: string, line: readonly string[], environment: Record<string, string>): ChildProcess {
  const { DATABASE_URL: _, REDIS_URL: __, ...rest } = process.env
  return spawn(process.execPath, [program, ...line], { cwd: folder, env: { ...rest, ...environment } })
}

/** The same, and waits for its end. A process that was killed has the code -1. */
export const typed = (folder: string, line: readonly string[], environment: Record<string, string> = {}) =>
  saidBy(start(folder, line, environment))

/** The same, outside of a test. */
export const run = (folder: string, line: readonly string[], environment: Record<string, string> = {}) =>
  saidBy(launch(folder, line, environment))

export function saidBy(child: ChildProcess): Promise<Said> {
  const said = { out: '', err: '' }
  child.stdout?.on('data', (text: Buffer) => {
    said.out += text
  })
  child.stderr?.on('data', (text: Buffer) => {
    said.err += text
  })
  return new Promise((resolve) => child.on('close', (code) => resolve({ code: code ?? -1, ...said })))
}

export type ErrorSaid = { code: string; message: string; hint?: string; where?: string; findings?: unknown[] }

/** The one error that a command printed for programs. */
export function errorOf({ err }: Said): ErrorSaid {
  return (JSON.parse(err) as { error: ErrorSaid }).error
}
