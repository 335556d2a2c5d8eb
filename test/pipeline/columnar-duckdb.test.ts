import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { UserError } from '../../pipeline/errors.ts'
import { inDuckdb, lakeFailure } from '../../pipeline/runs/columnar-duckdb.ts'

test("what killed processes left behind is removed, and nobody else's files", async () => {
  const temporary = await mkdtemp(join(tmpdir(), 'tideline-columns-'))
  // No process has the first number; the second is the one that started this one.
  const [dead, alive] = ['columns-4194999-abc', `columns-${process.ppid}-abc`]
  // A container's first process has the same number after each start.
  const before = `columns-${process.pid}-before`
  for (const name of [dead, alive, before, 'other']) await mkdir(join(temporary, name))
  const folder = await inDuckdb(temporary, async (duckdb, own) => {
    await inDuckdb(temporary, async () => {})
    expect(existsSync(own)).toBe(true)
    await duckdb.run('select 1')
    return own
  })
  expect(existsSync(folder)).toBe(false)
  expect((await readdir(temporary)).sort()).toEqual([alive, 'other'].sort())
})

test('the lake cannot be used: Postgres can; anything else is told', () => {
  const told = (error: unknown) => lakeFailure(error)?.code
  expect(told(new Error('Out of Memory Error: could not allocate block of size 256.0 KiB'))).toBe(
    'LAKE_MEMORY',
  )
  expect(told(new Error('IO Error: Could not write file: No space left on device'))).toBe('LAKE_DISK_FULL')
  expect(told(Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }))).toBe(
    'LAKE_DISK_FULL',
  )
  expect(told(Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' }))).toBe('LAKE_UNREADABLE')
  expect(told(new Error('Not implemented Error: some function'))).toBe('LAKE_FAILED')
  expect(told(new UserError({ code: 'LAKE_BEHIND', message: 'It is.' }))).toBe('LAKE_BEHIND')
  expect(told(new UserError({ code: 'FENCED_OFF', message: 'It is.' }))).toBeUndefined()
  expect(told(new Error('Connection terminated unexpectedly'))).toBeUndefined()
  expect(
    told(Object.assign(new Error('No space left on device'), { severity: 'ERROR', code: '53100' })),
  ).toBeUndefined()
  expect(told(new TypeError('undefined is not a function'))).toBeUndefined()
})
