import { expect, test } from 'vitest'
import { UserError } from '../../pipeline/errors.ts'
import { lakeFailure } from '../../pipeline/runs/columnar-duckdb.ts'

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
