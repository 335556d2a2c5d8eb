import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { untilSeen } from '../../pipeline/runs/horizon.ts'
import { testDatabase } from '../support/database.ts'
import { addLead, apply, members, runAsOf } from '../support/definitions.ts'

test('what was just committed is waited for while an older transaction is open, and not for ever', async () => {
  const database = await testDatabase()
  await apply(database, { all: 'everyone' })
  const open = await database.pool.connect()
  await open.query('begin; select pg_current_xact_id()')
  await addLead(database, 'a')
  await untilSeen(database, 100)
  await runAsOf(database, '2026-03-01T00:00:00.000000Z')
  expect(await members(database, 'all')).toEqual([])
  const [, after] = await Promise.all([
    sleep(200).then(() => open.query('commit')),
    untilSeen(database, 5000).then(() => performance.now()),
  ])
  expect(after).toBeGreaterThan(0)
  open.release()
  await runAsOf(database, '2026-03-02T00:00:00.000000Z')
  expect(await members(database, 'all')).toEqual(['a'])
  await database.close()
})
