import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { withLock } from '../../pipeline/embedded/lock.ts'
import { lifeOf, pause } from '../../pipeline/embedded/processes.ts'
import { removeServer, serverStatus, startServer, stopServer } from '../../pipeline/embedded.ts'
import { ask, serverFolder, startElsewhere } from '../support/server.ts'

const root = process.getuid?.() === 0

describe('the embedded server', () => {
  it('is started by one of several processes that come at once, and keeps its data between starts', async () => {
    const folder = serverFolder()
    const others = [1, 2, 3].map(() => startElsewhere(folder))
    const said = await Promise.all([startServer({ folder }), ...others.map((other) => other.said)])
    expect(new Set(said.map(({ url }) => url)).size).toBe(1)
    expect(said.filter(({ startedByUs }) => startedByUs)).toHaveLength(1)

    const { url } = said[0]
    await ask(url, 'create table kept as select 42 as answer')
    expect(await stopServer(folder)).toBe(true)
    expect(await stopServer(folder)).toBe(false)
    await expect(ask(url, 'select 1')).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
    expect(await serverStatus(folder)).toMatchObject({ running: false, pid: undefined })

    const again = await startServer({ folder })
    expect(again).toEqual({ url, port: said[0].port, startedByUs: true })
    expect(await ask(url, 'select answer from kept')).toEqual([{ answer: 42 }])
  })

  it('outlives a starter that is killed, and is adopted by the next', async () => {
    const folder = serverFolder()
    const starter = startElsewhere(folder)
    const { url, startedByUs } = await starter.said
    expect(startedByUs).toBe(true)
    starter.kill()
    expect(await startServer({ folder })).toMatchObject({ url, startedByUs: false })
  })

  it('comes up whole when its starter is killed at any moment of the first start', async () => {
    for (const moment_ms of [150, 300, 500, 700, 900, 1100]) {
      const folder = serverFolder()
      const starter = startElsewhere(folder)
      starter.said.catch(() => {})
      await pause(moment_ms)
      starter.kill()
      const { url } = await startServer({ folder })
      expect(await ask(url, 'select current_database() as name')).toEqual([{ name: 'tideline' }])
      await removeServer(folder)
    }
  })

  it('is started again with all its data after it was killed', async () => {
    const folder = serverFolder()
    const { url } = await startServer({ folder })
    await ask(url, 'create table kept as select 42 as answer')
    // It goes on for seconds after the server's death, and nothing may touch the data until it has ended.
    const busy = ask(url, 'select count(*) from generate_series(1, 20000000) a').catch(() => 'broke off')
    await pause(500)
    process.kill((await serverStatus(folder)).pid!, 'SIGKILL')
    const again = await startServer({ folder })
    expect(again.startedByUs).toBe(true)
    expect(await ask(again.url, 'select answer from kept')).toEqual([{ answer: 42 }])
    await busy
  })

  it('is not misled by a pid file whose number belongs to another program now', async () => {
    const folder = serverFolder()
    await startServer({ folder })
    const { place } = await serverStatus(folder)
    const file = join(place!, 'data', 'postmaster.pid')
    const content = readFileSync(file, 'utf8')
    await stopServer(folder)
    writeFileSync(file, content.replace(/^\d+/, String(process.pid)))
    expect(await startServer({ folder })).toMatchObject({ startedByUs: true })
  })

  it('is taken over with a new password when server.json was lost', async () => {
    const folder = serverFolder()
    const { url } = await startServer({ folder })
    await ask(url, 'create table kept as select 42 as answer')
    if (root) expect(statSync(join(folder, 'server.json')).mode & 0o777).toBe(0o600)
    rmSync(join(folder, 'server.json'))
    const again = await startServer({ folder })
    expect(again.url).not.toBe(url)
    expect(await ask(again.url, 'select answer from kept')).toEqual([{ answer: 42 }])
  })

  it('goes with a project that is moved, and a copy has a database of its own', async () => {
    const [folder, moved, copy] = [serverFolder(), serverFolder(), serverFolder()]
    const { url } = await startServer({ folder })
    await ask(url, 'create table kept as select 42 as answer')
    await stopServer(folder)
    renameSync(folder, moved)
    const there = await startServer({ folder: moved })
    expect(await ask(there.url, 'select answer from kept')).toEqual([{ answer: 42 }])

    cpSync(moved, copy, { recursive: true })
    expect(await serverStatus(copy)).toMatchObject({ running: false })
    const own = await startServer({ folder: copy })
    expect(own).toMatchObject({ startedByUs: true })
    expect(own.port).not.toBe(there.port)
  })

  it('stops by itself after standing idle, and not while somebody is connected', async () => {
    const folder = serverFolder()
    const idleMinutes = 0.02
    const { url } = await startServer({ folder, idleMinutes })
    await ask(url, 'select pg_sleep(3)')
    expect(await serverStatus(folder)).toMatchObject({ running: true })
    const { place } = await serverStatus(folder)
    await expect
      .poll(() => existsSync(join(place!, 'data', 'postmaster.pid')), { timeout: 10_000 })
      .toBe(false)
  })

  it('takes another port if its own is occupied, and says so if it was asked for by number', async () => {
    const folder = serverFolder()
    const { port } = await startServer({ folder })
    await stopServer(folder)
    await occupy(port)
    await expect(startServer({ folder, port })).rejects.toMatchObject({ code: 'PORT_IN_USE' })
    const moved = await startServer({ folder })
    expect(moved.port).not.toBe(port)
    await expect(startServer({ folder, port })).rejects.toMatchObject({ code: 'SERVER_ON_OTHER_PORT' })
  })

  it.runIf(root)('runs as another user even below a folder that only root may enter', async () => {
    const folder = serverFolder({ secret: true })
    const { url } = await startServer({ folder })
    expect(await ask(url, 'select 1 as one')).toEqual([{ one: 1 }])
    const { place } = await serverStatus(folder)
    expect(place!.startsWith(folder)).toBe(false)
    expect(statSync(join(place!, 'data')).uid).not.toBe(0)
    await removeServer(folder)
    expect(existsSync(place!)).toBe(false)
  })

  it('refuses data of another major version', async () => {
    const folder = serverFolder()
    mkdirSync(join(folder, 'postgres', 'data'), { recursive: true })
    writeFileSync(join(folder, 'postgres', 'data', 'PG_VERSION'), '12\n')
    await expect(startServer({ folder })).rejects.toMatchObject({ code: 'DATABASE_OF_OTHER_VERSION' })
  })

  it('refuses programs that are missing, unusable or too old', async () => {
    const folder = serverFolder()
    const binaries = mkdtempSync(join(tmpdir(), 'tideline-binaries-'))
    onTestFinished(() => rmSync(binaries, { recursive: true }))
    const refusal = () => expect(startServer({ folder, binaries })).rejects
    await refusal().toMatchObject({ code: 'POSTGRES_BINARIES_MISSING' })
    mkdirSync(join(binaries, 'bin'))
    writeFileSync(join(binaries, 'bin', 'postgres'), '#!/bin/sh\nexit 1\n', { mode: 0o755 })
    await refusal().toMatchObject({ code: 'POSTGRES_BINARIES_UNUSABLE' })
    writeFileSync(join(binaries, 'bin', 'postgres'), '#!/bin/sh\necho "postgres (PostgreSQL) 16.4"\n')
    await refusal().toMatchObject({ code: 'POSTGRES_TOO_OLD' })
  })

  it('says so where nothing can be written', async () => {
    // A file where the folder should be stops root as well.
    const folder = serverFolder()
    writeFileSync(folder, '')
    await expect(startServer({ folder })).rejects.toMatchObject({ code: 'FOLDER_NOT_WRITABLE' })
    rmSync(folder)
  })
})

describe('the lock file', () => {
  it('lets one in at a time, also when the one before was killed', async () => {
    const path = join(serverFolder(), '..', 'lock')
    writeFileSync(path, `dead\n${lifeOf(process.pid)!.replace(/\d+$/, '1')}`)
    let inside = 0
    await Promise.all(
      Array.from({ length: 20 }, () =>
        withLock(path, async () => {
          expect(++inside).toBe(1)
          await pause(5)
          inside--
        }),
      ),
    )
    expect(existsSync(path)).toBe(false)
  })
})

function occupy(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1')
  onTestFinished(() => void server.close())
  return new Promise((done) => server.on('listening', () => done()))
}
